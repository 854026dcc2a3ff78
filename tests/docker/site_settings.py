"""Settings of the site that the proxy's tests start: the test's own database; photos where the environment says."""

import os

from config.settings import *  # noqa: F403
from config.settings import DATABASES, STORAGES

DATABASES["default"]["NAME"] = os.environ["SITE_DATABASE_NAME"]
STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
