"""The one place where the site asks whether an engine's weights have passed the gold gate."""

from inference.accepted import engine_passed


def weights_passed(engine_kind: str, weights_sha256: str) -> bool:
    """True when this kind of engine, with these very weights, may advise at a live meet."""
    return engine_passed(engine_kind, weights_sha256)
