"""The site's WSGI entry point."""

import gc
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()

# What is loaded by now stays: no collection has to walk it. And a page reads some thousand rows, every one of which
# counts towards the next collection: at the default of 700 the pauses make the slowest pages half as slow again.
gc.collect()
gc.freeze()
gc.set_threshold(20_000, 10, 10)
