"""Look-ups by point at hundreds of thousands of contracts."""

from pathlib import Path

from django.db import migrations

KEYS = Path(__file__).resolve().parents[1] / "point_first.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("registry", "0003_foreign_points"),)
    operations = (migrations.RunSQL([KEYS.read_text(encoding="utf-8")]),)
