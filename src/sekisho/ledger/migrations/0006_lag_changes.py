"""Changes of the lag beyond which gates refuse, as lag_changes.sql states them."""

from pathlib import Path

from django.db import migrations

CHANGES = Path(__file__).resolve().parents[1] / "lag_changes.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("ledger", "0005_answers"), ("barrier", "0003_drafts"))
    operations = (migrations.RunSQL([CHANGES.read_text(encoding="utf-8")]),)
