"""Is this container well? ``health.py web`` asks the site for its sign-in page, ``health.py worker`` asks the database
for the worker's beat, ``health.py sender`` for deliveries that nobody takes up. Ends with 0, or 1 and a sentence."""

import http.client
import os
import socket
import sys
from datetime import timedelta
from pathlib import Path


def web_trouble(port: int = 8000) -> str:
    """Host and scheme are those of a visitor, or the site would refuse the one and redirect the other."""
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0].lstrip(".").replace("*", "localhost")
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=4)
    try:
        connection.request("GET", "/login/", headers={"Host": host, "X-Forwarded-Proto": "https"})
        status = connection.getresponse().status
    except OSError as error:
        return f"The site does not answer: {error}."
    finally:
        connection.close()
    return "" if status == 200 else f"The sign-in page answers {status}."


def set_up() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()


def worker_trouble() -> str:
    """A worker's name ends with its host's name, and each container is a host of its own."""
    set_up()
    from django.conf import settings
    from django.utils import timezone

    from meets.models import WorkerBeat

    late = timezone.now() - timedelta(seconds=settings.WORKER_GONE_S)
    mine = WorkerBeat.objects.filter(name__endswith=f"@{socket.gethostname()}")
    return "" if mine.filter(seen_at__gt=late).exists() else "The worker has not been heard of lately."


def sender_trouble() -> str:
    """Whatever is due is taken up within seconds, and settled within its lease."""
    set_up()
    from meets.sender import deliveries_overdue

    return "Deliveries that are due are not taken up." if deliveries_overdue() else ""


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    if trouble := {"web": web_trouble, "worker": worker_trouble, "sender": sender_trouble}[sys.argv[1]]():
        raise SystemExit(trouble)
