"""Settings of the worker process that reads the gold photos: the site's own, with the test's database and photos."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES

DATABASES["default"]["NAME"] = os.environ["SITE_DATABASE_NAME"]
STORAGES["default"] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {"location": os.environ["SITE_PHOTOS"]},
}
