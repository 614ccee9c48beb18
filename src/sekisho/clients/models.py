"""The tables of schema `accounts_api`."""

from __future__ import annotations

from datetime import datetime

from django.db import models


class Client(models.Model):
    """One machine of one company. `person` is the name under which it stands in permits and passages."""

    client_id: models.CharField[str, str] = models.CharField(max_length=40, primary_key=True)
    secret_hash: models.CharField[str, str] = models.CharField(max_length=64)
    company: models.CharField[str, str] = models.CharField(max_length=5)
    person: models.CharField[str, str] = models.CharField(max_length=64, unique=True)
    label: models.CharField[str, str] = models.CharField(max_length=100)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField()
    created_by: models.CharField[str, str] = models.CharField(max_length=64)
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    requests_per_minute: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=600)


class Token(models.Model):
    """An access token, by its hash."""

    token_hash: models.CharField[str, str] = models.CharField(max_length=64, primary_key=True)
    client: models.ForeignKey[Client, Client] = models.ForeignKey(Client, on_delete=models.CASCADE)
    expires_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(db_index=True)
