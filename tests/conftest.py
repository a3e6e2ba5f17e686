"""What every test may use: a real PostgreSQL, and the people.

`make test` gives the tests an embedded PostgreSQL of their own in a folder that is thrown away.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "src"))
_data = Path(tempfile.mkdtemp(prefix="amends-test-"))
os.environ.setdefault("AMENDS_TESTING", "1")
os.environ["AMENDS_DATA"] = str(_data / "data")
if not os.environ.get("DATABASE_URL"):
    # Django's settings are read before this file: a server started here would come too late.
    raise pytest.UsageError("Run `make test` (or `.venv/bin/amends exec .venv/bin/pytest …`), or set DATABASE_URL.")

pytest_plugins = ["tests.people"]


@pytest.fixture(autouse=True, scope="session")
def _tables_are_emptied_with_patience() -> Iterator[None]:
    """A web process may still answer what a closed page asked for: emptying the tables can then deadlock, and is tried again."""
    from django.core.management import CommandError
    from django.db import OperationalError
    from django.test import TransactionTestCase

    once = vars(TransactionTestCase)["_fixture_teardown"]

    def patiently(self: TransactionTestCase) -> None:
        for attempt in range(5):
            try:
                once(self)
            except CommandError as error:
                if attempt == 4 or not isinstance(error.__cause__, OperationalError):
                    raise
                time.sleep(0.2)
            else:
                return

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", patiently)
        yield


def pytest_unconfigure(config: pytest.Config) -> None:
    """Remove the folder of the tests."""
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
