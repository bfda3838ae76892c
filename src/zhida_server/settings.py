"""Django's settings: read from the environment and the site's own folder, never from the database.

    ZHIDA_SITE     the site's folder: database/, files/, secret, site.toml     (default: ./site)
    DATABASE_URL   a PostgreSQL server; without it `zhida serve` starts one of its own in the site's folder

`site.toml` may say `hosts`, `origins`, `name`, `is_demo`, `requires_second_factor`, `is_behind_https`, `proxies`,
`notice_working_days`, `grant_chunk`, `nightly`; all have defaults that are safe. `proxies` is how many proxies stand before the site:
by so many places from its end the forwarded address is believed, by which logins are limited (1 behind HTTPS, else 0: nobody's word
is taken for their address).
"""

import os
import tomllib
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

SITE = Path(os.environ.get("ZHIDA_SITE", "site")).resolve()
"""The folder that the site owns."""


def site_options(folder: Path) -> dict[str, Any]:
    """Return what a site's folder says of itself; a folder without a `site.toml` says nothing."""
    path = folder / "site.toml"
    return tomllib.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def database_of(address: str) -> dict[str, Any]:
    """Return Django's settings of a database address.

    >>> found = database_of("postgresql://zhida@/zhida?host=/run/postgresql")
    >>> found["NAME"], found["HOST"], found["USER"]
    ('zhida', '/run/postgresql', 'zhida')
    """
    parts = urlsplit(address)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.pop("host", parts.hostname or ""),
        "PORT": str(parts.port or query.pop("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": query,
    }


OPTIONS = site_options(SITE)
IS_DEMO = bool(OPTIONS.get("is_demo"))
REQUIRES_SECOND_FACTOR = bool(OPTIONS.get("requires_second_factor", not IS_DEMO))
IS_BEHIND_HTTPS = bool(OPTIONS.get("is_behind_https", not IS_DEMO))
SITE_NAME = str(OPTIONS.get("name", "政策直达"))
NOTICE_WORKING_DAYS = int(OPTIONS.get("notice_working_days", 5))
GRANT_CHUNK = int(OPTIONS.get("grant_chunk", 500))
"""Grants of one transaction: what a kill loses is less than this."""
NIGHTLY_AT = str(OPTIONS.get("nightly", "01:30"))

SECRET_KEY = (SITE / "secret").read_text(encoding="utf-8").strip() if (SITE / "secret").exists() else os.environ.get("ZHIDA_SECRET_KEY", "")
DEBUG = False
ALLOWED_HOSTS = list(OPTIONS.get("hosts", ["127.0.0.1", "localhost"]))
CSRF_TRUSTED_ORIGINS = list(OPTIONS.get("origins", []))

INSTALLED_APPS = [
    "zhida_server.audit",
    "zhida_server.people",
    "zhida_server.ledger",
    "zhida_server.catalogue",
    "zhida_server.registry",
    "zhida_server.entitlements",
    "zhida_server.delivery",
    "zhida_server.web",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "procrastinate.contrib.django",
]
MIDDLEWARE = [
    "zhida_server.web.middleware.content_security",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "zhida_server.web.language.switched_language",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "zhida_server.web.middleware.upload_limit",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "zhida_server.web.middleware.SetUpFirst",
    "zhida_server.web.middleware.TextOnly",
]
ROOT_URLCONF = "zhida_server.web.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "zhida_server.web.context.site",
            ],
        },
    },
]
DATABASES = {"default": database_of(os.environ.get("DATABASE_URL", "postgresql:///zhida"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},  # what is counted of logins is not crowded out by trying many names
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher", "django.contrib.auth.hashers.PBKDF2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "zhida_server.people.adapters.StaffAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*", "password2*"]
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/300s/key"}
ACCOUNT_SESSION_REMEMBER = False
ALLAUTH_TRUSTED_PROXY_COUNT = int(OPTIONS.get("proxies", 1 if IS_BEHIND_HTTPS else 0))
MFA_ADAPTER = "zhida_server.people.adapters.FactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
MFA_TOTP_ISSUER = SITE_NAME

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = SITE / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": SITE / "uploads"}},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 2_000
FILE_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
UPLOAD_LIMIT_BYTES = 200 * 1024 * 1024

SECURE_SSL_REDIRECT = IS_BEHIND_HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IS_BEHIND_HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if IS_BEHIND_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_BEHIND_HTTPS
SECURE_HSTS_PRELOAD = IS_BEHIND_HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_SECURE = IS_BEHIND_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_SECURE = IS_BEHIND_HTTPS
CSRF_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SECURE = IS_BEHIND_HTTPS
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "zhida_server.web.errors.refused_form"
X_FRAME_OPTIONS = "DENY"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        "procrastinate.blueprints": {"level": "WARNING"},
        "procrastinate.periodic": {"level": "WARNING"},
        "procrastinate.jobs": {"level": "WARNING"},
    },
}
