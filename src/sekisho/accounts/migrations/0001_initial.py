"""Accounts, their events, and the cache in which failed attempts are counted across processes."""

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_CACHE = (
    "create table accounts_cache (cache_key varchar(255) primary key, value text not null, expires timestamptz not null);"
    "create index accounts_cache_expires on accounts_cache (expires)"
)


class Migration(migrations.Migration):
    initial = True
    dependencies: ClassVar[list[tuple[str, str]]] = []
    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="User",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("password", models.CharField(max_length=128)),
                ("last_login", models.DateTimeField(blank=True, null=True)),
                ("username", models.CharField(max_length=60, unique=True)),
                ("person", models.CharField(max_length=60, unique=True)),
                ("company", models.CharField(max_length=40)),
                ("audience", models.CharField(max_length=20)),
                ("display_name", models.CharField(max_length=80)),
                ("department", models.CharField(blank=True, default="", max_length=120)),
                ("role", models.CharField(blank=True, default="", max_length=80)),
                ("is_active", models.BooleanField(default=True)),
                ("must_change_password", models.BooleanField(default=False)),
                ("failures", models.PositiveIntegerField(default=0)),
                ("locked_until", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=django.utils.timezone.now)),
                ("created_by", models.CharField(max_length=60)),
                ("ended_at", models.DateTimeField(null=True)),
            ],
            options={"db_table": "accounts_user"},
        ),
        migrations.CreateModel(
            name="AccountEvent",
            fields=[
                ("id", models.BigAutoField(primary_key=True, serialize=False)),
                ("at", models.DateTimeField(db_index=True, default=django.utils.timezone.now)),
                ("kind", models.CharField(max_length=40)),
                ("person", models.CharField(blank=True, db_index=True, default="", max_length=60)),
                ("by", models.CharField(max_length=60)),
                ("detail", models.JSONField(default=dict)),
                ("request_id", models.CharField(blank=True, default="", max_length=40)),
            ],
            options={"db_table": "accounts_event"},
        ),
        migrations.RunSQL(_CACHE, "drop table accounts_cache"),
    ]
