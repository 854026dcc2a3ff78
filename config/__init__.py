"""Wiring only: settings, addresses, the Celery app. No logic."""

from config.celery import app as celery_app

__all__ = ["celery_app"]
