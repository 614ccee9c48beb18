"""How many requests each company has left: counted once, however many processes serve the API."""

from django.db import migrations


class Migration(migrations.Migration):
    """Unlogged: after a crash every company begins with its full allowance, and no request waits for the disk."""

    dependencies = (("clients", "0001_initial"),)
    operations = (
        migrations.RunSQL(
            "create unlogged table clients_allowance (company varchar(5) primary key, level double precision not null,"
            " granted integer not null, at timestamptz not null) with (fillfactor = 50)"
        ),
    )
