"""Runs Django's migrations: the domain's tables as the owner, and the accounts of each audience in a schema of their own."""

from collections.abc import Mapping
from typing import Any

import django
from django.conf import settings
from django.core.management import call_command
from psycopg.conninfo import conninfo_to_dict

from sekisho.barrier.connect import connect

DOMAIN_APPS = ("sekisho.barrier", "sekisho.registry", "sekisho.metering", "sekisho.ledger", "sekisho.work")
ACCOUNT_APPS: tuple[str, ...] = (
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "sekisho.accounts",
    "sekisho.clients",
)
ACCOUNT_SCHEMAS = (
    "accounts_retailer",
    "accounts_operator",
    "accounts_security",
    "accounts_auditor",
    "accounts_api",
)
HISTORY_SCHEMA = "deploy"


def database(conninfo: str, *, search_path: str) -> dict[str, Any]:
    """Django's database settings for a libpq connection string."""
    parts: Mapping[str, Any] = conninfo_to_dict(conninfo)
    known = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
    options = {key: value for key, value in parts.items() if key not in known}
    options["options"] = f"-c search_path={search_path} -c timezone=Asia/Tokyo"
    named = {known[key]: str(value) for key, value in parts.items() if key in known}
    return {"ENGINE": "django.db.backends.postgresql", "OPTIONS": options, **named}


class SchemaRouter:
    """Domain apps migrate as the owner; account apps in each audience's schema; API clients in their one schema."""

    def allow_migrate(self, db: str, app_label: str, **_: object) -> bool:
        """Whether `app_label` has tables in the database alias `db`."""
        if app_label == "clients":
            return db == "accounts_api"
        domain = app_label in {app.rsplit(".", 1)[-1] for app in DOMAIN_APPS}
        return domain if db == "default" else not domain


def run(conninfo: str, *, verbosity: int = 0) -> None:
    """Bring every schema to the newest migration. Repeating it does nothing."""
    with connect(conninfo) as conn:
        conn.execute("create extension if not exists btree_gist")
        for schema in (HISTORY_SCHEMA, *ACCOUNT_SCHEMAS):
            conn.execute(f"create schema if not exists {schema}")
    databases = {"default": database(conninfo, search_path=f"{HISTORY_SCHEMA},public")}
    databases |= {schema: database(conninfo, search_path=f"{schema},public") for schema in ACCOUNT_SCHEMAS}
    if not settings.configured:
        settings.configure(
            DATABASES=databases,
            INSTALLED_APPS=[*DOMAIN_APPS, *ACCOUNT_APPS],
            DATABASE_ROUTERS=["sekisho.settings.migrations.SchemaRouter"],
            AUTH_USER_MODEL="accounts.User",
            ACCOUNT_USER_MODEL_EMAIL_FIELD=None,
            ACCOUNT_LOGIN_METHODS={"username"},
            ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"],
            MIDDLEWARE=["allauth.account.middleware.AccountMiddleware"],  # allauth does not load without it
            USE_TZ=True,
            TIME_ZONE="Asia/Tokyo",
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        )
        django.setup()
    for alias in databases:
        call_command("migrate", database=alias, verbosity=verbosity, interactive=False)
