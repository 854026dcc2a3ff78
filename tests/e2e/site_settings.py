"""Settings of the site that the browser visits: the site's own, with a gold gate that a test closes by a file, so that
what is shown does not hang on which weights were accepted last."""

from config.settings import *  # noqa: F403
from config.settings import VAR_DIR
from meets import accepted

GATE_CLOSED = VAR_DIR / "gate-closed"

accepted.engine_passed = lambda engine, weights_sha256: not GATE_CLOSED.exists()
