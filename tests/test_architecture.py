"""What import-linter cannot see: nothing heavy is loaded by the site's own start."""

import subprocess
import sys

HEAVY = ("torch", "mediapipe", "mmpose", "mmdet", "cv2", "matplotlib")


def test_the_site_starts_without_the_heavy_libraries() -> None:
    code = (
        "import django, sys, os\n"
        "os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings'\n"
        "django.setup()\n"
        "import config.urls, config.celery, meets.tasks\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
