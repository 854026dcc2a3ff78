"""The site's own settings with a folder, a broker and a database that belong to one test process."""

import atexit
import os
import shutil
import tempfile

# Before the site's settings are read: they make VAR_DIR's folders and keep the secret key there.
_var_dir = tempfile.mkdtemp(prefix="white-lights-tests-")
atexit.register(shutil.rmtree, _var_dir, ignore_errors=True)
os.environ["VAR_DIR"] = _var_dir
# Tests that need the real Redis take its address from here; the suite itself runs without a broker.
SERVICES_REDIS_URL = os.environ.pop("REDIS_URL", "")
SERVICES_DATABASE_URL = os.environ.get("DATABASE_URL", "")
REQUIRE_SERVICES = os.environ.get("REQUIRE_SERVICES") == "1"

from config.settings import *  # noqa: E402, F403
from config.settings import DATABASES, VAR_DIR  # noqa: E402

# kombu's broker in this process's memory: messages are really built and sent, and the tests can read them.
CELERY_BROKER_URL = "memory://"
CELERY_BROKER_TRANSPORT_OPTIONS: dict[str, object] = {}
if not SERVICES_DATABASE_URL:
    # A file, not memory: threads and worker processes must see one database.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
DATABASES["default"]["CONN_MAX_AGE"] = 0

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Plain names: the manifest exists only after collectstatic.
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # noqa: F405
STATIC_ROOT.mkdir(exist_ok=True)  # noqa: F405
