"""Proof bundles made for a page, as bundles.sql states them."""

from pathlib import Path

from django.db import migrations

BUNDLES = Path(__file__).resolve().parents[1] / "bundles.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("work", "0002_exports"),)
    operations = (migrations.RunSQL([BUNDLES.read_text(encoding="utf-8")]),)
