"""The register of accounts, as accounts.sql states it."""

from pathlib import Path

from django.db import migrations

ACCOUNTS = Path(__file__).resolve().parents[1] / "accounts.sql"


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("barrier", "0001_initial"),)
    operations = (migrations.RunSQL([ACCOUNTS.read_text(encoding="utf-8")]),)
