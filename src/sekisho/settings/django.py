"""Django's settings of one surface process. Everything that differs between processes comes from the environment:

SEKISHO_SURFACE       which surface (`sekisho.settings.surfaces`)
SEKISHO_HOME          where the secrets of this audience lie: logins/<login>, logins/<accounts login>, tickets/<audience>
SEKISHO_DATABASE_URL  host, port and database; without it, the embedded server of the home
SEKISHO_HOSTS         host names that requests may ask for, comma-separated (default: this machine)
SEKISHO_TLS           1 behind HTTPS: secure cookies, HSTS, X-Forwarded-Proto is believed
SEKISHO_ENVIRONMENT   production, training, demo …: shown in the band of every page (default: what the home says)
SEKISHO_METRICS_TOKEN whoever bears it may read /metrics (default: this machine only)
"""

import os
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

from sekisho.kernel.errors import EnvironmentFault
from sekisho.server import EmbeddedServer
from sekisho.server.installation import DATABASE
from sekisho.settings.deploy import ACCOUNT_LOGINS, login_conninfo, ticket_key
from sekisho.settings.home import home_from
from sekisho.settings.migrations import ACCOUNT_APPS, database
from sekisho.settings.secrets import account_key, surface_key
from sekisho.settings.surfaces import SURFACES


def _server(environ: dict[str, str]) -> str:
    """Where the database is, without anybody's secrets."""
    if environ.get("SEKISHO_DATABASE_URL"):
        return environ["SEKISHO_DATABASE_URL"]
    host, port = EmbeddedServer(HOME).address
    return make_conninfo(host=host, port=port, dbname=DATABASE)


_ENVIRON = dict(os.environ)
if _ENVIRON.get("SEKISHO_SURFACE") not in SURFACES:
    raise EnvironmentFault(
        f"SEKISHO_SURFACE に画面を指定してください({', '.join(SURFACES)})。",
        f"Set SEKISHO_SURFACE to one of: {', '.join(SURFACES)}.",
    )
SURFACE = SURFACES[_ENVIRON["SEKISHO_SURFACE"]]
HOME = home_from(option=None, environ=_ENVIRON)
TLS = _ENVIRON.get("SEKISHO_TLS") == "1"
ENVIRONMENT = _ENVIRON.get("SEKISHO_ENVIRONMENT") or HOME.environment()
REQUESTS_PER_MINUTE = int(_ENVIRON.get("SEKISHO_REQUESTS_PER_MINUTE", "1200"))
METRICS_TOKEN = _ENVIRON.get("SEKISHO_METRICS_TOKEN", "")
METRICS_DIRECTORY = _ENVIRON.get("PROMETHEUS_MULTIPROC_DIR", "")
_SERVER = _server(_ENVIRON)

GATE_CONNINFO = login_conninfo(_SERVER, HOME, SURFACE.login)
TICKET_KEY = ticket_key(HOME, SURFACE.audience)

DEBUG = False
SECRET_KEY = surface_key(HOME, SURFACE.code)
ALLOWED_HOSTS = _ENVIRON.get("SEKISHO_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "sekisho.settings.urls"
WSGI_APPLICATION = "sekisho.settings.wsgi.application"
USE_TZ = True
TIME_ZONE = "Asia/Tokyo"
LANGUAGE_CODE = "ja"
LANGUAGES = [("ja", "日本語"), ("en", "English")]
USE_THOUSAND_SEPARATOR = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1_000_000
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200

# --- the accounts of this audience: the only tables that Django knows
DATABASES: dict[str, dict[str, Any]] = {}
if SURFACE.accounts:
    ACCOUNT_KEY = account_key(HOME, SURFACE.accounts)
    ACCOUNTS_CONNINFO = login_conninfo(_SERVER, HOME, ACCOUNT_LOGINS[SURFACE.accounts])
    DATABASES["default"] = database(ACCOUNTS_CONNINFO, search_path=SURFACE.accounts)
    DATABASES["default"] |= {"CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
    CACHES = {
        # In the database, so that failures are counted once however many processes serve the surface.
        "default": {
            "BACKEND": "django.core.cache.backends.db.DatabaseCache",
            "LOCATION": "accounts_cache",
            # Beyond this many entries some are dropped: far more than anyone can make within the 15 minutes that count.
            "OPTIONS": {"MAX_ENTRIES": 200_000},
        },
    }

_IS_API = SURFACE.code == "retailer_api"  # it has limits of its own, for each company
INSTALLED_APPS = [
    *(["sekisho.clients"] if _IS_API else []),
    *((*ACCOUNT_APPS, "django.contrib.messages") if SURFACE.signs_in else ()),
    "django.contrib.staticfiles",
    "sekisho.surfaces.kit",
    SURFACE.package,
]
_SIGN_IN = [
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "sekisho.accounts.middleware.SignedIn",
    "sekisho.surfaces.kit.purpose.Purpose",
]
MIDDLEWARE = [
    "sekisho.surfaces.kit.middleware.Observed",
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "sekisho.surfaces.kit.middleware.Headers",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    *([] if _IS_API else ["sekisho.surfaces.kit.middleware.Throttled"]),
    "sekisho.surfaces.kit.middleware.Language",
    "django.middleware.common.CommonMiddleware",
    *(_SIGN_IN if SURFACE.signs_in else []),
    *(["sekisho.surfaces.retailer_api.conditional.Conditional"] if _IS_API else []),
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [
            Path(__file__).parents[1] / "accounts" / "templates"
        ],  # before the templates of django-allauth
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "sekisho.surfaces.kit.context.band",
                *(["django.contrib.messages.context_processors.messages"] if SURFACE.signs_in else []),
            ],
            "builtins": ["sekisho.surfaces.kit.templatetags.kit"],
        },
    }
]
STATIC_URL = "/static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 31_536_000  # the address of a file carries the digest of its content

# --- sign-in (django-allauth)
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["sekisho.accounts.backend.AccountBackend"]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.ScryptPasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        (
            "UserAttributeSimilarityValidator",
            {"user_attributes": ("username", "person", "company", "display_name")},
        ),
        ("CommonPasswordValidator", {}),
        ("NumericPasswordValidator", {}),
    )
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "sekisho.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_USER_MODEL_EMAIL_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_FORMS = {
    "login": "sekisho.accounts.forms.SignInForm",
    "reauthenticate": "sekisho.accounts.forms.ConfirmForm",
}
ACCOUNT_RATE_LIMITS = {
    "login_failed": "30/15m/ip,5/15m/key",
    "login": "60/m/ip",
    "reauthenticate": "10/m/user",
}
ACCOUNT_EMAIL_NOTIFICATIONS = False
MFA_ADAPTER = "sekisho.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Sekisho"
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = not TLS
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TLS else 0
HEADLESS_ONLY = False

IDLE_SECONDS = 30 * 60
"""A session ends after half an hour without a request …"""
ABSOLUTE_SECONDS = 10 * 60 * 60
"""… and after ten hours in any case."""
STANDING_SECONDS = 300
"""How often a session asks whether its permit still holds. The gates ask at every reading."""

# --- cookies and headers. Ports of one host share cookies: each surface has names of its own.
SESSION_COOKIE_NAME = f"{'__Host-' if TLS else ''}sekisho-{SURFACE.code}"
CSRF_COOKIE_NAME = f"{SESSION_COOKIE_NAME}-csrf"
SESSION_COOKIE_AGE = ABSOLUTE_SECONDS
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = TLS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "sekisho.surfaces.kit.faults.forgery"
LANGUAGE_COOKIE_NAME = "sekisho-language"
if TLS:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = ["account.W001"]

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "sekisho.surfaces.kit.logs.JsonLines", "surface": SURFACE.code}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"level": "INFO", "handlers": ["stderr"]},
    # Django's own lines name paths, and paths name supply points: `Observed` writes one line a request instead.
    "loggers": {
        "django": {"level": "ERROR", "handlers": ["stderr"], "propagate": False},
        "django.request": {"level": "CRITICAL", "propagate": False},
        "django.security": {"level": "CRITICAL", "propagate": False},
        "psycopg.pool": {"level": "CRITICAL", "propagate": False},
    },
}
