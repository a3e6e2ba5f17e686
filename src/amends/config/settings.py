"""Settings, read from the environment once. No secret has a usable default outside of development and tests."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("AMENDS_DATA", "var")).resolve()
DEBUG = os.environ.get("AMENDS_DEBUG") == "1"
TESTING = "pytest" in sys.modules or os.environ.get("AMENDS_TESTING") == "1"


def _secret_key() -> str:
    """From the environment, or from the file that the first start wrote into the data folder."""
    if value := os.environ.get("AMENDS_SECRET_KEY"):
        return value
    path = Path(os.environ.get("AMENDS_SECRET_KEY_FILE", DATA_DIR / "secret.key"))
    if path.is_file():
        return path.read_text().strip()
    if TESTING or DEBUG or os.environ.get("AMENDS_BUILD") == "1":
        return "only-for-tests-and-for-building"
    raise ImproperlyConfigured(
        "There is no secret key: start with `amends run`, or set AMENDS_SECRET_KEY or AMENDS_SECRET_KEY_FILE."
    )


def _whole_number(name: str, default: int) -> int:
    """A variable's whole number."""
    value = (os.environ.get(name) or str(default)).strip()
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name} is “{value}”: give it a whole number.")
    return int(value)


def _database(url: str) -> dict[str, Any]:
    """Django's settings for a `postgresql://` address; a folder in `?host=` is a unix socket."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")) or "amends",
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or query.pop("password", "")),
        "HOST": query.pop("host", "") or parts.hostname or "",
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": not TESTING,  # a connection that died with its server is replaced before it is used
        "OPTIONS": {
            **query,
            "application_name": os.environ.get("AMENDS_PROCESS", "amends"),
            **(
                {}
                if TESTING
                else {"pool": {"min_size": 1, "max_size": int(os.environ.get("AMENDS_POOL_SIZE", "8")), "timeout": 10}}
            ),
        },
        "TEST": {"TEMPLATE": "template0"},
    }


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = [
    host for host in os.environ.get("AMENDS_ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",") if host
]
AMENDS_PORT = int(os.environ.get("AMENDS_PORT", "8000"))
AMENDS_PUBLIC_URL = os.environ.get("AMENDS_PUBLIC_URL", f"http://127.0.0.1:{AMENDS_PORT}").rstrip("/")
CSRF_TRUSTED_ORIGINS = [AMENDS_PUBLIC_URL] if AMENDS_PUBLIC_URL.startswith("https://") else []

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "template_partials",
    "procrastinate.contrib.django",
    "amends.core",
    "amends.accounts",
    "amends.audit",
    "amends.notifications",
    "amends.cases",
    "amends.triage",
    "amends.intake",
    "amends.voice",
    "amends.clocks",
    "amends.routing",
    "amends.handling",
    "amends.review",
    "amends.followup",
    "amends.portal",
    "amends.workspace",
]
MIDDLEWARE = [
    "amends.core.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "amends.core.middleware.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "amends.core.middleware.RefusalMiddleware",
    "amends.core.middleware.LiveMarkMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
            ],
        },
    }
]
ROOT_URLCONF = "amends.config.urls"
ASGI_APPLICATION = "amends.config.asgi.application"

DATABASES = {"default": _database(os.environ.get("DATABASE_URL", "postgresql://postgres@127.0.0.1:5432/amends"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
MIGRATION_MODULES: dict[str, str] = {}

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["amends.accounts.backend.EmailBackend"]
PASSWORD_HASHERS = (
    ["django.contrib.auth.hashers.MD5PasswordHasher"]
    if TESTING
    else ["django.contrib.auth.hashers.Argon2PasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
)
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("email", "name")},
    },
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "/sign-in/"
LOGIN_REDIRECT_URL = "/"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = AMENDS_PUBLIC_URL.startswith("https://")
CSRF_COOKIE_HTTPONLY = False
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
if os.environ.get("AMENDS_BEHIND_PROXY") == "1":
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "object-src": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("de", "Deutsch")]
LOCALE_PATHS = sorted(BASE_DIR.glob("intake/channels/*/locale"))  # those of the domains are found by themselves
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
AMENDS_ALERTS_FILE = os.environ.get("AMENDS_ALERTS_FILE", "")
AMENDS_ALERT_RULES = os.environ.get("AMENDS_ALERT_RULES", "")
AMENDS_ESCALATION_CRITERIA = os.environ.get("AMENDS_ESCALATION_CRITERIA", "")
AMENDS_LETTERS_DIR = os.environ.get("AMENDS_LETTERS_DIR", "")
AMENDS_FIRST_ANSWER_MINUTES = max(1, int(os.environ.get("AMENDS_FIRST_ANSWER_MINUTES") or "15"))
AMENDS_TIME_ZONE = os.environ.get("AMENDS_TIME_ZONE", "Europe/London")

STATIC_URL = "/static/"
STATIC_ROOT = None  # served from the package by WhiteNoise: nothing to collect
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600

DATA_UPLOAD_MAX_MEMORY_SIZE = 12 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 200
AMENDS_UPLOAD_LIMIT = 10 * 1024 * 1024
AMENDS_API_BODY_LIMIT = 10 * 1024 * 1024

AMENDS_SMTP_HOST = os.environ.get("AMENDS_SMTP_HOST", "127.0.0.1")
AMENDS_SMTP_PORT = int(os.environ.get("AMENDS_SMTP_PORT", "2525"))
AMENDS_MAIL_SIZE_LIMIT = int(os.environ.get("AMENDS_MAIL_SIZE_LIMIT", str(40 * 1024 * 1024)))
AMENDS_SMTPS_PORT = _whole_number("AMENDS_SMTPS_PORT", 0)
AMENDS_LMTP_PORT = _whole_number("AMENDS_LMTP_PORT", 0)
AMENDS_LMTP_SOCKET = os.environ.get("AMENDS_LMTP_SOCKET", "")
AMENDS_MAIL_CERTIFICATE = os.environ.get("AMENDS_MAIL_CERTIFICATE", "")
AMENDS_MAIL_KEY = os.environ.get("AMENDS_MAIL_KEY", "")
AMENDS_MAIL_REQUIRE_TLS = os.environ.get("AMENDS_MAIL_REQUIRE_TLS") == "1"
AMENDS_MAIL_ACCEPT_DOMAINS = [
    domain for one in os.environ.get("AMENDS_MAIL_ACCEPT_DOMAINS", "").split(",") if (domain := one.strip().lower())
]
AMENDS_MAIL_CONNECTIONS = _whole_number("AMENDS_MAIL_CONNECTIONS", 50)
AMENDS_MAIL_IDLE_SECONDS = _whole_number("AMENDS_MAIL_IDLE_SECONDS", 300)
AMENDS_MAIL_PROVIDERS = [
    name for one in os.environ.get("AMENDS_MAIL_PROVIDERS", "").split(",") if (name := one.strip().lower())
]
ANYMAIL = {
    "WEBHOOK_SECRET": os.environ.get("AMENDS_MAIL_PROVIDER_SECRET", ""),
    "MAILGUN_WEBHOOK_SIGNING_KEY": os.environ.get("AMENDS_MAILGUN_SIGNING_KEY", ""),
}
AMENDS_SECRETS_DIR = os.environ.get("AMENDS_SECRETS_DIR", str(DATA_DIR / "secrets"))
AMENDS_MAIL_DOMAIN = os.environ.get("AMENDS_MAIL_DOMAIN", "amends.localhost")
AMENDS_MAILBOX = os.environ.get("AMENDS_MAILBOX", f"care@{AMENDS_MAIL_DOMAIN}")
EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
EMAIL_HOST = os.environ.get("AMENDS_RELAY_HOST", "")
EMAIL_PORT = int(os.environ.get("AMENDS_RELAY_PORT", "25"))
EMAIL_HOST_USER = os.environ.get("AMENDS_RELAY_USER", "")
EMAIL_HOST_PASSWORD = os.environ.get("AMENDS_RELAY_PASSWORD", "")
EMAIL_USE_TLS = os.environ.get("AMENDS_RELAY_STARTTLS") == "1"
EMAIL_TIMEOUT = 20
AMENDS_MAIL_FOLDER = os.environ.get("AMENDS_MAIL_FOLDER", "")
AMENDS_UNDO_SECONDS = int(os.environ.get("AMENDS_UNDO_SECONDS", "10"))
AMENDS_MAIL_BUDGET = os.environ.get("AMENDS_MAIL_BUDGET", "recipient 10/10m, recipient 30/1d, case 10/1h")
AMENDS_MAIL_BUDGET_PERSONS = os.environ.get("AMENDS_MAIL_BUDGET_PERSONS", "recipient 60/1d, case 30/1h")
AMENDS_DELIVERY_NOTICES = os.environ.get("AMENDS_DELIVERY_NOTICES") == "1"
AMENDS_REOPEN_DAYS = int(os.environ.get("AMENDS_REOPEN_DAYS", "14"))
AMENDS_STRANGER_HOURS = int(os.environ.get("AMENDS_STRANGER_HOURS", "4"))

AMENDS_PACKS_DIR = os.environ.get("AMENDS_PACKS_DIR", "")
AMENDS_PLAYBOOKS_DIR = os.environ.get("AMENDS_PLAYBOOKS_DIR", "")
AMENDS_CAUSES_FILE = os.environ.get("AMENDS_CAUSES_FILE", "")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"

LOGGING_CONFIG = None
from amends.core.logs import configure_logging  # noqa: E402  # needs no settings; must run after LOGGING_CONFIG is off

configure_logging(debug=DEBUG)
