"""The tables of barrier, as tables.sql states them."""

from pathlib import Path

from django.db import migrations

TABLES = Path(__file__).resolve().parents[1] / "tables.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    initial = True
    operations = (migrations.RunSQL([TABLES.read_text(encoding="utf-8")]),)
