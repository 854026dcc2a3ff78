"""Settings of the worker processes that the fault tests start: the test's own database, photos and queue, and a disk
that can be made to hang."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES

DATABASES["default"]["NAME"] = os.environ["SITE_DATABASE_NAME"]
STORAGES["default"] = {
    "BACKEND": "tests.faults.storage.HangingStorage",
    "OPTIONS": {"location": os.environ["SITE_PHOTOS"]},
}
