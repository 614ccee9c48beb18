"""Accounts and what happened to them. Django's tables in the schema of one audience."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils import timezone


class User(AbstractBaseUser):
    """One person's account at one audience. `person` and `company` are what the gates write into their records."""

    username: models.CharField[str, str] = models.CharField(max_length=60, unique=True)
    # INVARIANT: an account belongs to one person, and a person has one account at an audience
    person: models.CharField[str, str] = models.CharField(max_length=60, unique=True)
    company: models.CharField[str, str] = models.CharField(max_length=40)
    audience: models.CharField[str, str] = models.CharField(max_length=20)
    display_name: models.CharField[str, str] = models.CharField(max_length=80)
    department: models.CharField[str, str] = models.CharField(max_length=120, blank=True, default="")
    role: models.CharField[str, str] = models.CharField(max_length=80, blank=True, default="")
    is_active: models.BooleanField[bool, bool] = models.BooleanField(default=True)
    must_change_password: models.BooleanField[bool, bool] = models.BooleanField(default=False)
    # a first password that nobody has used by then is void
    initial_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    failures: models.PositiveIntegerField[int, int] = models.PositiveIntegerField(default=0)
    locked_until: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)
    created_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=timezone.now)
    created_by: models.CharField[str, str] = models.CharField(max_length=60)
    ended_at: models.DateTimeField[datetime | None, datetime | None] = models.DateTimeField(null=True)

    USERNAME_FIELD = "username"
    objects: ClassVar[BaseUserManager[Any]] = BaseUserManager()

    class Meta:
        db_table = "accounts_user"

    def __str__(self) -> str:
        return self.username


class AccountEvent(models.Model):
    """One thing that happened to an account: append-only for everyone but the owner of the schema."""

    at: models.DateTimeField[datetime, datetime] = models.DateTimeField(default=timezone.now, db_index=True)
    kind: models.CharField[str, str] = models.CharField(max_length=40)
    # Who it happened to; empty when the name that was typed belongs to nobody (it may be somebody's password).
    person: models.CharField[str, str] = models.CharField(
        max_length=60, blank=True, default="", db_index=True
    )
    by: models.CharField[str, str] = models.CharField(max_length=60)
    detail = models.JSONField(default=dict)
    request_id: models.CharField[str, str] = models.CharField(max_length=40, blank=True, default="")

    class Meta:
        db_table = "accounts_event"
