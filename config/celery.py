"""The Celery app. Queue settings stand in config.settings under CELERY_."""

import os

from celery import Celery
from kombu.transport import TRANSPORT_ALIASES

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
TRANSPORT_ALIASES["files"] = "config.file_broker:Transport"

app = Celery("white-lights")
# A worker keeps its database connection from photo to photo; meets.tasks closes it when it is old or broken. Set
# here because Celery reads this one name without the namespace.
app.conf["CELERY_DB_REUSE_MAX"] = 1000
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# By name: the worker's own process loads it, the site never does.
app.steps["worker"].add("meets.worker:HeartbeatStep")
