"""The point of a submission, and files written by the worker, as exports.sql states them."""

from pathlib import Path

from django.db import migrations

EXPORTS = Path(__file__).resolve().parents[1] / "exports.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("work", "0001_initial"),)
    operations = (migrations.RunSQL([EXPORTS.read_text(encoding="utf-8")]),)
