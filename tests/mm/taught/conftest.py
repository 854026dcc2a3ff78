"""Collected where mmpose is, as the tests beside this folder."""

from tests.mm.conftest import collect_ignore_glob

__all__ = ["collect_ignore_glob"]
