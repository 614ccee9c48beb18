"""Findings of two more kinds, as answers.sql states them."""

from pathlib import Path

from django.db import migrations

ANSWERS = Path(__file__).resolve().parents[1] / "answers.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("ledger", "0004_seen_holders"),)
    operations = (migrations.RunSQL([ANSWERS.read_text(encoding="utf-8")]),)
