"""What every test may use: a real PostgreSQL, and the people.

Without DATABASE_URL the tests start the embedded PostgreSQL of the product in a folder of their own.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
_data = Path(tempfile.mkdtemp(prefix="amends-test-"))
os.environ.setdefault("AMENDS_TESTING", "1")
os.environ["AMENDS_DATA"] = str(_data / "data")


def _start_database() -> Callable[[], None]:
    """Start the embedded server before Django reads its settings; the answer stops it."""
    if os.environ.get("DATABASE_URL"):
        return lambda: None
    from amends.core.postgres import EmbeddedPostgres

    server = EmbeddedPostgres(_data / "data")
    os.environ["DATABASE_URL"] = server.attach()
    return server.leave


_stop_database = _start_database()

pytest_plugins = ["tests.people"]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the server of the tests and remove its folder."""
    _stop_database()
    shutil.rmtree(_data, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of public data sets; tests that need it skip when it is not there."""
    folder = Path(os.environ.get("AMENDS_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not (folder / "README.md").is_file():
        pytest.skip("the public data sets are not here: set AMENDS_SHARED_DATA to their folder")
    return folder


@pytest.fixture
def chromium() -> str:
    """The path of a Chromium; skips when there is none, except in CI."""
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium in CI: install the package chromium.")
        pytest.skip("there is no Chromium: install the package chromium")
    return path
