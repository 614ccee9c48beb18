"""A row of `seen_point` for each holder, as seen_holders.sql states it."""

from pathlib import Path

from django.db import migrations

HOLDERS = Path(__file__).resolve().parents[1] / "seen_holders.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("ledger", "0003_scope"),)
    operations = (migrations.RunSQL([HOLDERS.read_text(encoding="utf-8")]),)
