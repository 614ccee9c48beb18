"""What a correction would write, a column for each item, as change_values.sql states it."""

from pathlib import Path

from django.db import migrations

VALUES = Path(__file__).resolve().parents[1] / "change_values.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("registry", "0001_initial"),)
    operations = (migrations.RunSQL([VALUES.read_text(encoding="utf-8")]),)
