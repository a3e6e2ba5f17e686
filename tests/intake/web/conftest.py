"""The real web process and browser of the browser tests, for the widget too."""

from tests.browser.conftest import browser, pictures, site, visit

__all__ = ["browser", "pictures", "site", "visit"]
