"""Points of others take as long as numbers that do not exist."""

from pathlib import Path

from django.db import migrations

INDEXES = Path(__file__).resolve().parents[1] / "foreign_points.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("registry", "0002_change_values"),)
    operations = (migrations.RunSQL([INDEXES.read_text(encoding="utf-8")]),)
