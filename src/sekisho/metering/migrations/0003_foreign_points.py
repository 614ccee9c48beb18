"""Usage of others' points takes as long as that of numbers that do not exist: the holder stands in the index, not in a filter."""

from django.db import migrations


class Migration(migrations.Migration):
    """Forward only: going back is a restore."""

    dependencies = (("metering", "0002_bulk"),)
    operations = (migrations.RunSQL("create index on metering.usage_day (point, holder, day)"),)
