"""Look-ups by name and address at any size."""

from pathlib import Path

from django.db import migrations

INDEXES = Path(__file__).resolve().parents[1] / "look_up.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("registry", "0004_point_first"),)
    operations = (migrations.RunSQL([INDEXES.read_text(encoding="utf-8")]),)
