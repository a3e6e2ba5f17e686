"""What all chapters of a story share: the system, a browser session for each person, and the cases they talk about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar, cast

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.faults.running import wait_until
from tests.journeys.inside import PASSWORD
from tests.journeys.system import Letter, WholeSystem

WIDE = {"width": 1440, "height": 900}
T = TypeVar("T")


@dataclass
class Story:
    """The state of one telling."""

    system: WholeSystem
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    complaints_of_pages: list[str] = field(default_factory=list)
    staff: dict[str, Page] = field(default_factory=dict)
    maya: str = ""
    """Reference of the speaker that stopped after the update: she writes English, through a partner's program."""
    juergen: str = ""
    """Reference of the headphones that crackle: he writes German, by mail."""
    olivia: str = ""
    """Reference of the double charge: she uses the form on the web page."""

    def visit(self, *, locale: str = "en-GB") -> Page:
        """A fresh browser session; what its pages complain about is remembered."""
        context = self.browser.new_context(
            base_url=self.system.url,
            viewport=WIDE,  # type: ignore[arg-type]  # playwright's TypedDict
            reduced_motion="reduce",
            locale=locale,
        )
        page = context.new_page()
        page.set_default_timeout(15_000)
        page.on("console", self._hear)
        page.on("pageerror", lambda error: self.complaints_of_pages.append(str(error)))
        self.contexts.append(context)
        return page

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints_of_pages.append(f"{message.text} {message.location.get('url', '')}")

    def sign_in(self, name: str, wanted: str = "/queue/all/") -> Page:
        """A member of staff at their own browser, signed in by the form."""
        page = self.visit()
        page.goto(wanted)
        page.get_by_label("E-mail address").fill(f"{name}@northlight.example")
        page.get_by_label("Password").fill(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**{wanted}")
        self.staff[name] = page
        return page

    def case(self, name: str, reference: str) -> Page:
        """The page of a case at somebody's browser."""
        page = self.staff[name]
        page.goto(f"/cases/{reference}/")
        return page

    def read(self, reference: str) -> dict[str, Any]:
        return self.system.read(reference)

    def letter(self, reference: str, kind: str) -> Letter:
        """The last letter of this kind in a case, once the relay has it: found by its Message-ID."""

        def arrived() -> Letter | None:
            out = (one for one in self.read(reference)["messages"] if one["direction"] == "out")
            identifiers = [f"<{one['message_id']}>" for one in out if one["kind"] == kind and one["state"] == "sent"]
            found = {letter.message_id: letter for letter in self.system.letters()} if identifiers else {}
            return found.get(identifiers[-1]) if identifiers else None

        return cast("Letter", wait_until(arrived, 30, f"the letter {kind!r} of {reference}"))


def panel(page: Page, key: str) -> Locator:
    """A panel beside the case, once it has loaded."""
    found = page.locator(f"#panel-{key}:not(.panel--waiting)")
    expect(found).to_be_visible()
    return found


def unfold(place: Locator | Page, words: str) -> None:
    """Open a folded part by the words on it."""
    place.locator("summary").filter(has_text=words).first.click()


def press(button: Locator) -> None:
    """Press a button of a panel and wait until its answer is in the page: what is unfolded before that is folded again."""
    with button.page.expect_response(lambda one: one.request.method == "POST") as answer:
        button.click()
    answer.value.finished()
    button.page.wait_for_timeout(200)


def moment(text: str) -> datetime:
    """A time of the API."""
    return datetime.fromisoformat(text)


def kinds(complaint: dict[str, Any]) -> list[str]:
    """What the record of a case says, in order."""
    return [event["kind"] for event in complaint["events"]]


@contextmanager
def chromium(path: str) -> Iterator[Browser]:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu"])
        yield browser
        browser.close()


def apart(work: Callable[[], T]) -> T:
    """In a thread of its own: Playwright keeps an event loop in the thread it runs in, and other tests have theirs."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(work).result()
