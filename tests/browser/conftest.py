"""A real web process on the tests' database, and a real browser."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from amends.accounts.public import User

PASSWORD = "correct horse battery"
NARROW = {"width": 360, "height": 780}
WIDE = {"width": 1440, "height": 900}


@dataclass
class Site:
    """The running site and the environment its processes have."""

    url: str
    environment: dict[str, str]


@dataclass
class Visitor:
    """One browser session and everything its pages complained about."""

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        """Remember what the console says; a refused request (4xx) is part of some tests."""
        if message.type in ("error", "warning") and "status of 4" not in message.text:
            self.complaints.append(f"{message.text} {message.location.get('url', '')}")


Visit = Callable[..., Visitor]


@pytest.fixture(scope="session")
def site(django_db_setup: None) -> Iterator[Site]:
    """Amends in a web process of its own, on a free port and on the tests' database."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    parameters = connection.get_connection_params()
    password = f":{quote(parameters['password'], safe='')}" if parameters.get("password") else ""
    host = quote(str(parameters.get("host", "")), safe="")
    user = quote(str(parameters.get("user", "")), safe="")
    number = parameters.get("port", "")
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgresql://{user}{password}@/{parameters['dbname']}?host={host}&port={number}",
        "AMENDS_TESTING": "1",
        "AMENDS_SECRET_KEY": settings.SECRET_KEY,
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "amends.config.asgi:application",
        "--port",
        str(port),
        "--lifespan",
        "off",
    ]
    server = subprocess.Popen(
        [*command, "--timeout-graceful-shutdown", "1", "--log-level", "warning"],
        env=environment,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    while not _answers(port):
        assert server.poll() is None, "the web process ended at once"
        assert time.monotonic() < deadline, "the web process does not answer"
        time.sleep(0.05)
    yield Site(url=url, environment=environment)
    server.terminate()
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for the tests of a module; each visit has a fresh profile.

    Not for the whole session: Playwright keeps an event loop running in this thread, which other tests must not meet.
    """
    import shutil

    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("There is no Chromium in CI: install the package chromium.")
        pytest.skip("there is no Chromium: install the package chromium")
    # Playwright keeps an event loop in this thread; Django would refuse its own database calls beside it.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield chromium
        chromium.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def visit(site: Site, browser: Browser, transactional_db: None) -> Iterator[Visit]:
    """Opens a browser session, signed in as somebody when a user is given; at the end no page may have complained."""
    visitors: list[Visitor] = []

    def open_session(
        user: User | None = None, *, size: dict[str, int] | None = None, scheme: str = "light", script: bool = True
    ) -> Visitor:
        context = browser.new_context(
            base_url=site.url,
            viewport=size or WIDE,  # type: ignore[arg-type]  # playwright's TypedDict
            color_scheme=scheme,  # type: ignore[arg-type]  # "light" or "dark"
            java_script_enabled=script,
            reduced_motion="reduce",
            locale="en-GB",
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        visitor = Visitor(page=context.new_page(), context=context)
        visitor.page.on("console", visitor.hear)
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.set_default_timeout(10_000)
        if user is not None:
            from django.test import Client

            client = Client()
            client.force_login(user)
            context.add_cookies(
                [
                    {
                        "name": settings.SESSION_COOKIE_NAME,
                        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
                        "url": site.url,
                    }
                ]
            )
        visitors.append(visitor)
        return visitor

    yield open_session
    complaints = [complaint for visitor in visitors for complaint in visitor.complaints]
    for visitor in visitors:
        visitor.context.close()
    assert complaints == []


@pytest.fixture
def pictures() -> Path | None:
    """A folder for pictures of the pages, when AMENDS_PICTURES names one."""
    folder = os.environ.get("AMENDS_PICTURES")
    return Path(folder) if folder else None
