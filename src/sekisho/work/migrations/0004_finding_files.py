"""Files of findings: Parquet and CSV together in one zip."""

from django.db import migrations

STATEMENT = """
alter table work.export drop constraint export_form_check;
alter table work.export add constraint export_form_check check (form in ('excel', 'sjis', 'machine', 'zip'));
"""


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("work", "0003_bundle"),)
    operations = (migrations.RunSQL([STATEMENT]),)
