"""All settings in one flat file. The environment is read here and nowhere else; a bad value stops the start."""

import contextlib
import os
import secrets
import tempfile
from pathlib import Path
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured


def env_text(name: str, default: str | None = None) -> str:
    """The variable's text, or that of the file named by ``NAME_FILE``; without either the default, else a refusal."""
    if path := os.environ.get(f"{name}_FILE"):
        return Path(path).read_text(encoding="utf-8").strip()
    value = os.environ.get(name, default)
    if value is None:
        raise ImproperlyConfigured(f"Set {name} (or {name}_FILE) in the environment.")
    return value


def env_bool(name: str, *, default: bool) -> bool:
    value = os.environ.get(name, str(default))
    if value not in ("True", "False"):
        raise ImproperlyConfigured(f"{name}={value} is neither True nor False.")
    return value == "True"


def env_int(name: str, default: int) -> int:
    value = os.environ.get(name, str(default))
    if not value.isdecimal():
        raise ImproperlyConfigured(f"{name}={value} is not a whole number.")
    return int(value)


def env_float(name: str, default: float) -> float:
    value = os.environ.get(name, str(default))
    try:
        return float(value)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name}={value} is not a number.") from error


BASE_DIR = Path(__file__).resolve().parent.parent
# Everything the running site writes lies under one folder: database, photos, embedded broker, demo accounts.
VAR_DIR = Path(env_text("VAR_DIR", str(BASE_DIR / "var")))
# For the site's own user alone: it holds password hashes, session keys and people's photos.
VAR_DIR.mkdir(parents=True, exist_ok=True, mode=0o700)
DEBUG = env_bool("DEBUG", default=False)


def secret_key() -> str:
    """The key from the environment; for a site on this machine alone, one made once and kept in VAR_DIR."""
    if "SECRET_KEY" in os.environ or "SECRET_KEY_FILE" in os.environ:
        return env_text("SECRET_KEY")
    path = VAR_DIR / "secret_key"
    if not path.exists():
        # Written aside and linked into place: of two processes at a first start one wins, and both read a whole key.
        handle, aside = tempfile.mkstemp(dir=VAR_DIR)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(secrets.token_urlsafe(50))
        with contextlib.suppress(FileExistsError):
            os.link(aside, path)
        Path(aside).unlink()
    return path.read_text(encoding="utf-8")


SECRET_KEY = secret_key()
ALLOWED_HOSTS = env_text("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
CSRF_TRUSTED_ORIGINS = [origin for origin in env_text("CSRF_TRUSTED_ORIGINS", "").split(",") if origin]

# One proxy of ours stands before the site and writes the X-Forwarded headers; without one they are anybody's word.
BEHIND_PROXY = env_bool("BEHIND_PROXY", default=False)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "knox",
    "drf_spectacular",
    "django_htmx",
    "axes",
    "meets",
]

MIDDLEWARE = [
    "meets.requestid.RequestId",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    # Before all that may read a body; after what only adds headers, so that its page has them too.
    "meets.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]


def database() -> dict[str, Any]:
    """DATABASE_URL's database, or SQLite under VAR_DIR with a write-ahead log.

    IMMEDIATE takes the write lock when a transaction begins, so two writers wait for each other (20 s) instead
    of failing half way with "database is locked".

    PostgreSQL takes a page out of turn for four times as dear as one in turn, which holds for turning disks: it then
    reads all attempts of all meets where the index would give it one meet's. An ``options`` in the URL is kept instead.
    """
    if url := env_text("DATABASE_URL", ""):
        named: dict[str, Any] = dict(dj_database_url.parse(url, conn_max_age=60, conn_health_checks=True))
        if named["ENGINE"] == "django.db.backends.postgresql":
            named["OPTIONS"] = {"options": "-c random_page_cost=1.1", **named.get("OPTIONS", {})}
        return named
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": VAR_DIR / "white-lights.sqlite3",
        "CONN_MAX_AGE": 60,
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
    }


DATABASES = {"default": database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "meet-list"
LOGOUT_REDIRECT_URL = "login"
# A guesser is locked out by name and address together: a stranger cannot lock a referee out of the meet.
AXES_FAILURE_LIMIT = 8
AXES_COOLOFF_TIME = 0.25
AXES_CLIENT_IP_CALLABLE = "meets.client.address"
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/lockout.html"
AXES_VERBOSE = False

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False

STATIC_URL = "static/"
# In an image they are gathered once, when it is built.
STATIC_ROOT = Path(env_text("STATIC_ROOT", str(VAR_DIR / "static")))


# ── Object storage, and photos streamed by the proxy ─────────────────────────────────────────────────────
def photo_storage() -> dict[str, Any]:
    """The bucket named by S3_BUCKET, or a folder. Either way photos lie outside the static root and have no public
    address: meets.views.media serves them after a check."""
    bucket = env_text("S3_BUCKET", "")
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": VAR_DIR / "photos", "file_permissions_mode": 0o600},
        }
    # A site with a folder of photos never loads the client of an object store.
    from botocore.config import Config

    return {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": bucket,
            # Without one, that of the region.
            "endpoint_url": env_text("S3_ENDPOINT", "") or None,
            "region_name": env_text("S3_REGION", "us-east-1"),
            "access_key": env_text("S3_KEY_ID"),
            "secret_key": env_text("S3_SECRET"),
            # No public-read and no other canned ACL: an object without one is its owner's, and buckets made today
            # refuse requests that name any.
            "default_acl": None,
            "file_overwrite": False,
            # Addresses are signed and soon worthless. They go to our proxy alone, never to a browser.
            "querystring_auth": True,
            "querystring_expire": 60,
            "client_config": Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                connect_timeout=2,
                read_timeout=10,
                retries={"mode": "standard", "max_attempts": 3},
                # Stores other than Amazon's may not know the newer checksums.
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
            ),
        },
    }


# The site checks who asks and names the photo, the proxy streams it (docker/nginx.conf). Only our own proxy knows
# the header that names it; without one, the site streams the photo itself.
MEDIA_BY_PROXY = env_bool("MEDIA_BY_PROXY", default=False)
if MEDIA_BY_PROXY and not BEHIND_PROXY:
    raise ImproperlyConfigured("MEDIA_BY_PROXY=True needs our proxy before the site: set BEHIND_PROXY=True.")

STORAGES = {
    "default": photo_storage(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# A site reached over https says so; a hall's site on plain http cannot set secure cookies.
HTTPS = env_bool("HTTPS", default=False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if BEHIND_PROXY else None
SECURE_REFERRER_POLICY = "same-origin"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_AGE = 14 * 24 * 3600
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "blob:"],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# ── Photos ───────────────────────────────────────────────────────────────────────────────────────────────
# The sentences of meets.models.ImageReason name these two figures.
PHOTO_MAX_BYTES = 25_000_000
PHOTO_MAX_PIXELS = 60_000_000
# Bodies above this go to a temporary file; multipart fields (not files) above it are refused.
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# ── The line: engine, queue, workers ─────────────────────────────────────────────────────────────────────
ENGINE = env_text("ENGINE", "mediapipe")
RECORDED_POSES = env_text("RECORDED_POSES", "")
# Of an engine on a GPU (inference.engines.base.EngineOptions). A batch of 0 is the engine's own figure.
ENGINE_DEVICE = env_text("ENGINE_DEVICE", "auto")
ENGINE_DTYPE = env_text("ENGINE_DTYPE", "auto")
ENGINE_BATCH = env_int("ENGINE_BATCH", 0)
ENGINE_COMPILE = env_bool("ENGINE_COMPILE", default=False)
# A checkpoint of inference.classify.pictures: where it and the joints disagree, staff look first. Needs torch.
LIFT_MODEL = env_text("LIFT_MODEL", "")
WEIGHTS_DIR = Path(env_text("WEIGHTS_DIR", str(VAR_DIR / "weights")))
POSE_WEIGHTS = env_text("POSE_WEIGHTS", "vitpose-b")
DETECTOR_WEIGHTS = env_text("DETECTOR_WEIGHTS", "rtmdet-m-person")
DEFAULT_RULEBOOK = "ipf-2026-v3"
# The kind of engine that counts in a new meet.
DEFAULT_ENGINE = env_text("DEFAULT_ENGINE", ENGINE)
IMAGE_TRIES_MAX = env_int("IMAGE_TRIES_MAX", 3)
WORKER_BEAT_S = env_float("WORKER_BEAT_S", 5.0)
# A worker that has not been heard of for this long counts as gone.
WORKER_GONE_S = 3 * WORKER_BEAT_S
REDIS_URL = env_text("REDIS_URL", "")
# Two stacks on one Redis must not take each other's photos.
QUEUE_PREFIX = env_text("QUEUE_PREFIX", "white-lights")

# A queued photo whose message is older than this is sent again: the message may have died with a worker.
IMAGE_NUDGE_S = env_float("IMAGE_NUDGE_S", 20.0)

CELERY_BROKER_URL = REDIS_URL or "files://localhost"
# One queue per kind of engine (meets.queues); every message names its own.
CELERY_TASK_DEFAULT_QUEUE = f"assess.{ENGINE}"
# Publishing never waits for a broker that is gone: the row is the queue, and the sweep sends the message later.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
# A photo takes a tenth of a second; one that takes a minute is stuck. Well under the visibility timeout, or the
# broker would hand a running photo to a second worker.
CELERY_TASK_SOFT_TIME_LIMIT = env_int("TASK_SOFT_LIMIT_S", 60)
CELERY_TASK_TIME_LIMIT = CELERY_TASK_SOFT_TIME_LIMIT + 15
CELERY_VISIBILITY_TIMEOUT_S = 10 * CELERY_TASK_TIME_LIMIT
# A new child, and with it a new model, before memory that the engine never gives back adds up. ViTPose with all of
# torch is itself larger than what MediaPipe may grow to.
CELERY_WORKER_MAX_MEMORY_PER_CHILD = env_int("WORKER_MAX_MEMORY_KB", 12_000_000 if ENGINE == "mmpose" else 1_500_000)
# A child loads its engine before it says that it is up (meets.tasks.engine_warm).
CELERY_WORKER_PROC_ALIVE_TIMEOUT = 300.0
# How long a killed child's photo waits for an answer that may still be in the pipe.
CELERY_WORKER_LOST_WAIT = 1.0
# Workers report by WorkerBeat rows; nothing asks them over the broker.
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_TIMEZONE = "UTC"


def broker_options() -> dict[str, Any]:
    """Redis: visibility timeout and a key prefix of our own. Without it, a broker of files that needs no server."""
    if REDIS_URL:
        return {
            "visibility_timeout": CELERY_VISIBILITY_TIMEOUT_S,
            "global_keyprefix": f"{QUEUE_PREFIX}:",
            "socket_connect_timeout": 2,
            # An upload waits this long for a broker that hangs; a worker asks it every second anyway.
            "socket_timeout": 5,
            "socket_keepalive": True,
            "health_check_interval": 15,
        }
    folder = VAR_DIR / "broker"
    folder.mkdir(parents=True, exist_ok=True)
    # Half of this is what a waiting photo loses between two; an idle worker asks 500 times a second for 4 % of a core.
    return {"folder": str(folder), "polling_interval": 0.002}


CELERY_BROKER_TRANSPORT_OPTIONS = broker_options()

# ── Webhooks ─────────────────────────────────────────────────────────────────────────────────────────────
# Whether they may go to this machine and to private networks: for tests, and for a hall with a network of its own.
# Heads of meets name the addresses, so anything inside would then be within their reach (docs/api.md, Webhooks).
WEBHOOK_ALLOW_PRIVATE = env_bool("WEBHOOK_ALLOW_PRIVATE", default=False)

# ── API ──────────────────────────────────────────────────────────────────────────────────────────────────
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "meets.api.auth.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": [
        "rest_framework.permissions.IsAuthenticated",
        "meets.api.auth.KeepsToItsMeet",
    ],
    "DEFAULT_PARSER_CLASSES": [
        "meets.api.parsers.JSONParser",
        "rest_framework.parsers.FormParser",
        "rest_framework.parsers.MultiPartParser",
    ],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "meets.api.schema.Schema",
    "DEFAULT_PAGINATION_CLASS": "meets.api.paging.ByCreation",
    "PAGE_SIZE": 100,
    "EXCEPTION_HANDLER": "meets.api.errors.problem_handler",
    "DEFAULT_THROTTLE_CLASSES": ["rest_framework.throttling.UserRateThrottle"],
    # Enough for a meet's photos sent by a script; a runaway loop is held back. "sign-in" counts by address.
    "DEFAULT_THROTTLE_RATES": {"user": "1200/min", "sign-in": "20/min"},
    "NUM_PROXIES": 1 if BEHIND_PROXY else 0,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# The name under which knox finds its own table of tokens; rows of ours hang on it.
KNOX_TOKEN_MODEL = "knox.AuthToken"  # noqa: S105
REST_KNOX = {"TOKEN_TTL": None, "AUTH_HEADER_PREFIX": "Token"}
SPECTACULAR_SETTINGS = {
    "TITLE": "White Lights",
    "DESCRIPTION": "Meets, attempts, photos and their findings. A finding is advice: it never becomes a light.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "meets.api.schema.closed_left_out",
        "meets.api.schema.problems_are_problems",
    ],
    "ENUM_NAME_OVERRIDES": {
        "AttemptOutcome": "meets.models.AttemptOutcome",
        "FindingOutcome": "meets.models.assessment.OUTCOMES",
        "MeetStatus": "meets.models.MeetStatus",
        "ImageStatus": "meets.models.ImageStatus",
        "ImageReason": "meets.models.ImageReason",
        "EngineKind": "meets.models.EngineKind",
        "FindingReason": "meets.models.assessment.REASONS",
        "Flag": "meets.models.Flag",
        "LightColour": "meets.models.LightColour",
        "Event": "meets.models.Event",
    },
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "meets.requestid.RequestIdFilter"}},
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s] %(message)s"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line", "filters": ["request_id"]}},
    "root": {"handlers": ["stderr"], "level": env_text("LOG_LEVEL", "INFO")},
    # Two lines per message drown the one that meets.tasks writes per photo; failures still come through.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.worker.strategy", "celery.app.trace")},
}
