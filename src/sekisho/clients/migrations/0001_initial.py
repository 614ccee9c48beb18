"""Clients and their tokens."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """Only in schema accounts_api."""

    initial = True
    operations = (
        migrations.CreateModel(
            name="Client",
            fields=[
                ("client_id", models.CharField(max_length=40, primary_key=True, serialize=False)),
                ("secret_hash", models.CharField(max_length=64)),
                ("company", models.CharField(max_length=5)),
                ("person", models.CharField(max_length=64, unique=True)),
                ("label", models.CharField(max_length=100)),
                ("created_at", models.DateTimeField()),
                ("created_by", models.CharField(max_length=64)),
                ("ended_at", models.DateTimeField(null=True)),
                ("requests_per_minute", models.PositiveIntegerField(default=600)),
            ],
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("token_hash", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("expires_at", models.DateTimeField(db_index=True)),
                (
                    "client",
                    models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, to="clients.client"),
                ),
            ],
        ),
    )
