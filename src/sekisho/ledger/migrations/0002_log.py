"""The tamper-evident half of the ledger, as log.sql states it."""

from pathlib import Path

from django.db import migrations

LOG = Path(__file__).resolve().parents[1] / "log.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("ledger", "0001_initial"),)
    operations = (migrations.RunSQL([LOG.read_text(encoding="utf-8")]),)
