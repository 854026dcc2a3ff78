"""The site and the browser, for every browser test."""

from tests.e2e.test_browser import browser, site

__all__ = ["browser", "site"]
