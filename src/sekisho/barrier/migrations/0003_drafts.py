"""Permits and cases by two people, as drafts.sql states them."""

from pathlib import Path

from django.db import migrations

DRAFTS = Path(__file__).resolve().parents[1] / "drafts.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("barrier", "0002_account"),)
    operations = (migrations.RunSQL([DRAFTS.read_text(encoding="utf-8")]),)
