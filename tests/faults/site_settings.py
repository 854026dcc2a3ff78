"""Settings of the worker processes that the fault tests start: the test's own database, photos and queue, a disk that
can be made to hang, and an engine that stands in for ViTPose: recorded poses, but four photos at a time."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES
from tests.faults import standin

DATABASES["default"]["NAME"] = os.environ["SITE_DATABASE_NAME"]
STORAGES["default"] = {
    "BACKEND": "tests.faults.storage.HangingStorage",
    "OPTIONS": {"location": os.environ["SITE_PHOTOS"]},
}

standin.install()
