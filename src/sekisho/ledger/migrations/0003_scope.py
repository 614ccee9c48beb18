"""Findings of leak scoping, the review queue and its decisions, watched points, as scope.sql states them."""

from pathlib import Path

from django.db import migrations

SCOPE = Path(__file__).resolve().parents[1] / "scope.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("ledger", "0002_log"),)
    operations = (migrations.RunSQL([SCOPE.read_text(encoding="utf-8")]),)
