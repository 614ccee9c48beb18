"""Less work for each row of usage; what holds stays the same."""

from pathlib import Path

from django.db import migrations

BULK = Path(__file__).resolve().parents[1] / "bulk.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("metering", "0001_initial"),)
    operations = (migrations.RunSQL([BULK.read_text(encoding="utf-8")]),)
