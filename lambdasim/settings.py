"""Settings, one line an option. Everything is read from the environment; a value that makes no sense fails loudly.

`python manage.py check` prints the first problem. What lies below LAMBDASIM_HOME is described in home.py.
"""

import os
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import dj_database_url
import plotly
from django.core.exceptions import ImproperlyConfigured

from lambdasim import home as data_directory
from lambdasim.core.errors import SpecError

BASE_DIR = Path(__file__).resolve().parent.parent


def envstr(name: str, default: str) -> str:
    return os.environ.get(name, "") or default


def envbool(name: str, default: bool) -> bool:
    value = envstr(name, str(default)).lower()
    if value not in ("true", "false", "1", "0", "yes", "no"):
        raise ImproperlyConfigured(f"{name}: {value!r} is neither true nor false")
    return value in ("true", "1", "yes")


def envint(name: str, default: int, *, least: int = 0) -> int:
    value = envstr(name, str(default))
    if not value.isdecimal() or int(value) < least:
        raise ImproperlyConfigured(f"{name}: {value!r} is not a whole number of at least {least}")
    return int(value)


# --- lambdasim ---------------------------------------------------------------------------------------------------

# All data; one directory serves one running lambdasim
try:
    LAMBDASIM_HOME = data_directory.prepare(Path(envstr("LAMBDASIM_HOME", "var")).absolute())
except SpecError as error:
    raise ImproperlyConfigured(str(error)) from error
# The address the web process listens on. Whoever reaches it can run code: keep it on loopback
LAMBDASIM_HOST = envstr("LAMBDASIM_HOST", "127.0.0.1")
# The port of pages, read API and AWS endpoint
LAMBDASIM_PORT = envint("LAMBDASIM_PORT", 8000, least=1)
# Most execution environments alive at once on this machine's worker
LAMBDASIM_ENVIRONMENTS = envint("LAMBDASIM_ENVIRONMENTS", 16, least=1)
# An environment that had nothing to do for so long is shut down (spindown)
LAMBDASIM_IDLE_SECONDS = envint("LAMBDASIM_IDLE_SECONDS", 300, least=1)
# Retention: the newest invocations that are kept with everything recorded about them
LAMBDASIM_KEEP_INVOCATIONS = envint("LAMBDASIM_KEEP_INVOCATIONS", 10_000, least=1)
# Tracebacks in the browser
DEBUG = envbool("LAMBDASIM_DEBUG", False)

# --- security ----------------------------------------------------------------------------------------------------

SECRET_KEY = os.environ.get("SECRET_KEY", "") or data_directory.secret_key(LAMBDASIM_HOME)
# Only these Host headers are answered, so that a foreign page cannot reach us by DNS rebinding
ALLOWED_HOSTS = sorted({"localhost", "127.0.0.1", "[::1]", LAMBDASIM_HOST} - {"0.0.0.0", "::"})
CSRF_COOKIE_SAMESITE = "Strict"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- Redis: placing, live channel, broker ------------------------------------------------------------------------

REDIS_SOCKET = data_directory.socket_path(LAMBDASIM_HOME, "redis")
# Where Redis is; without one given, `manage.py up` runs its own behind this socket
REDIS_URL = envstr("REDIS_URL", f"unix://{REDIS_SOCKET}")
REDIS_IS_EMBEDDED = "REDIS_URL" not in os.environ
# Celery's broker; kombu spells a socket's URL its own way
CELERY_BROKER_URL = envstr("CELERY_BROKER_URL", REDIS_URL.replace("unix://", "redis+socket://", 1))
# The pub/sub channel on which recorded batches are announced
LIVE_CHANNEL = "lambdasim:live"
# The hash in which every worker shows once a second that it is there
WORKERS_KEY = "lambdasim:workers"

# --- database ----------------------------------------------------------------------------------------------------

DATABASES: dict[str, Any] = {
    "default": dj_database_url.parse(envstr("DATABASE_URL", f"sqlite:///{quote(str(LAMBDASIM_HOME))}/lambdasim.sqlite3"))
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # Several processes write: each takes the write lock when its transaction begins, and waits for it
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery ------------------------------------------------------------------------------------------------------

CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULE_FILENAME = str(LAMBDASIM_HOME / "celerybeat-schedule")
CELERY_BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "prune-recordings": {"task": "lambdasim.recording.tasks.prune_recordings", "schedule": 60.0},
    "write-spooled-events": {"task": "lambdasim.recording.tasks.write_spooled_events", "schedule": 5.0},
}

# --- Django ------------------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "daphne",
    "channels",
    "django.contrib.staticfiles",
    "lambdasim.functions",
    "lambdasim.recording",
    "lambdasim.invocations",
    "dashboard",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "lambdasim.static_files.StaticFilesMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]
ROOT_URLCONF = "lambdasim.urls"
ASGI_APPLICATION = "lambdasim.asgi.application"
USE_TZ = True
TIME_ZONE = "UTC"
LANGUAGE_CODE = "en"
USE_I18N = False

# --- static files ------------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
# plotly.min.js comes out of the installed Python package: one version, no CDN
STATICFILES_DIRS = [BASE_DIR / "static", ("plotly", Path(plotly.__file__).parent / "package_data")]
# Served straight from where they lie, so that nothing has to be collected first
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_ALLOW_ALL_ORIGINS = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(levelname)s %(name)s: %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["stderr"], "level": envstr("LAMBDASIM_LOG_LEVEL", "INFO").upper()},
}

if urlsplit(REDIS_URL).scheme not in ("redis", "rediss", "unix"):
    raise ImproperlyConfigured(f"REDIS_URL: {REDIS_URL!r} does not begin with redis://, rediss:// or unix://")
