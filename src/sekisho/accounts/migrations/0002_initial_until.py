"""First passwords lapse. Those that wait already may be used as before."""

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies: ClassVar[list[tuple[str, str]]] = [("accounts", "0001_initial")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField("User", "initial_until", models.DateTimeField(null=True)),
    ]
