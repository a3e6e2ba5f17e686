"""From the HTTP answer of an unhappy survey to the alert's event in the staff's open pages.

    python -m bench.alert [--complaints 600] [--per-second 20] [--pages 200] [--browsers 4]

Customers post their story to the survey's own page, as a browser would; two web processes and the workers of `amends run`
do the rest. Some of the open pages are real Chromium pages, the others plain connections to the same event stream: a browser
with 200 windows would measure the browser. Each latency runs from the last byte of the HTTP answer to the event in the page;
one that is there before the answer counts as 0. The stream names no case, so the k-th alert that was raised is paired with
the k-th event of a page.
The raw baseline, in the same run and under the same load: NOTIFY on one connection until another one has heard it.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg

from amends.cli import environment
from bench.intake import _set_up, _start_web
from bench.relay import CountingRelay
from bench.system import System, prepare_django, print_figures, quantile, system

STORY = "My speaker stopped working after nine days, nobody answered my e-mail, and I want my money back."
CHROMIUM = "/usr/bin/chromium"
SETTLE_SECONDS = 30.0
LISTEN_IN_PAGE = """
globalThis.heard = [];
const Original = globalThis.EventSource;
globalThis.EventSource = class extends Original {
  constructor(...given) {
    super(...given);
    this.addEventListener("message", (event) => {
      if (JSON.parse(event.data).topic === "alert") globalThis.heard.push(performance.timeOrigin + performance.now());
    });
  }
};
"""


class Streams:
    """Plain connections to the event stream, in a thread of their own; `heard` has the times of each one's alerts."""

    def __init__(self, port: int, cookie: str, count: int) -> None:
        self.heard: list[list[float]] = [[] for _ in range(count)]
        self._port, self._cookie = port, cookie
        self._open = 0
        self._held: list[Any] = []  # asyncio itself holds a waiting task only weakly
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def start(self) -> None:
        """Open all; returns when every one has its first byte."""
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start_all(), self._loop).result(10)
        deadline = time.monotonic() + 60
        while self._open < len(self.heard):
            if time.monotonic() > deadline:
                raise TimeoutError(f"Only {self._open} of {len(self.heard)} streams are open.")
            time.sleep(0.05)

    async def _start_all(self) -> None:
        self._held = [asyncio.create_task(self._listen(mine)) for mine in self.heard]

    def stop(self) -> None:
        """Close all."""
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(20)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    async def _close(self) -> None:
        for one in self._held:
            one.cancel()
        await asyncio.gather(*self._held, return_exceptions=True)

    async def _listen(self, mine: list[float]) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        request = f"GET /news/ HTTP/1.1\r\nHost: localhost:{self._port}\r\nCookie: {self._cookie}\r\nAccept: text/event-stream\r\n\r\n"
        writer.write(request.encode())
        status = await reader.readline()
        if b" 200 " not in status:
            raise RuntimeError(f"The stream answered {status!r}.")
        self._open += 1
        try:
            while line := await reader.readline():
                if b'"topic":"alert"' in line:
                    mine.append(time.time())
        finally:
            writer.close()


@contextmanager
def browser_pages(url: str, cookie: str, count: int) -> Iterator[list[Any]]:
    """Real Chromium pages of the queue that note when their stream brings an alert."""
    from playwright.sync_api import sync_playwright

    name, _, value = cookie.partition("=")
    with sync_playwright() as driver:
        chromium = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        pages = []
        for _ in range(count):
            context = chromium.new_context()
            context.add_cookies([{"name": name, "value": value, "url": url}])
            context.add_init_script(LISTEN_IN_PAGE)
            page = context.new_page()
            page.goto(f"{url}/queue/all/", wait_until="load")
            pages.append(page)
        yield pages
        chromium.close()


def unhappy_answers(count: int) -> list[str]:
    """The addresses of pages on which so many unhappy customers may tell their story."""
    from amends.accounts.public import SYSTEM, Unit
    from amends.intake.channels.survey import answering
    from amends.intake.channels.survey.models import AnswerSource
    from amends.intake.channels.survey.surveys import create_survey
    from amends.intake.channels.survey.tokens import token_of

    survey = create_survey(actor=SYSTEM, name="Bench", unit=Unit.objects.get(), kind="nps")
    made = []
    for number in range(count):
        one = answering.Click(survey_id=survey.pk, score=0, source=AnswerSource.LINK, once=f"bench:{number}")
        made.append(f"/ask/answer/{token_of('survey-answer', answering.click(click=one).key)}/")
    return made


def tell_all(port: int, addresses: list[str], per_second: float) -> list[tuple[int, float]]:
    """Post each story at its time; the number of each and when its HTTP answer was there."""
    answered: list[tuple[int, float]] = []
    began = time.monotonic()

    def tell(number: int) -> None:
        time.sleep(max(0.0, began + number / per_second - time.monotonic()))
        body = urlencode(
            {"words": f"{STORY} Order {number}.", "name": f"Customer {number}", "email": f"c{number}@example.org"}
        )
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        headers = {"Content-Type": "application/x-www-form-urlencoded", "Host": f"localhost:{port}"}
        connection.request("POST", addresses[number], body, headers)
        answer = connection.getresponse()
        answer.read()
        now = time.time()
        connection.close()
        if answer.status not in (200, 302):
            raise RuntimeError(f"The survey answered {answer.status}.")
        answered.append((number, now))

    with ThreadPoolExecutor(max_workers=16) as pool:
        list(pool.map(tell, range(len(addresses))))
    return answered


class RawNotify:
    """NOTIFY until another connection has heard it, five times a second while the load runs."""

    def __init__(self, url: str) -> None:
        self.seconds: list[float] = []
        self._url = url
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> RawNotify:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._end.set()
        self._thread.join()

    def _run(self) -> None:
        with (
            psycopg.connect(self._url, autocommit=True) as speaker,
            psycopg.connect(self._url, autocommit=True) as hearer,
        ):
            hearer.execute("LISTEN bench_raw")
            while not self._end.wait(0.2):
                began = time.perf_counter()
                speaker.execute("NOTIFY bench_raw")
                for _ in hearer.notifies(timeout=5, stop_after=1):
                    self.seconds.append(time.perf_counter() - began)


def alerts_in_order() -> list[tuple[int | None, bool]]:
    """For each time somebody was told of something, in order: the case, and whether it was its alert."""
    from amends.notifications.public import Notification

    told = Notification.objects.order_by("id").values_list("key", "complaint_id", "alert_id")
    first: dict[str, tuple[int | None, bool]] = {}
    for key, complaint_id, alert_id in told:
        first.setdefault(key, (complaint_id, alert_id is not None))
    return list(first.values())


def latencies(heard: list[list[float]], answered: list[tuple[int, float]]) -> tuple[list[float], int]:
    """Seconds from the HTTP answer of each case to its alert in each page, and how many pages missed or doubled events."""
    from amends.cases.public import Complaint

    at = dict(answered)
    names = dict(Complaint.objects.filter(channel="survey").values_list("pk", "customer__email"))
    told = alerts_in_order()
    found: list[float] = []
    odd = 0
    for page in heard:
        if len(page) != len(told):
            odd += 1
            continue
        for (complaint_id, is_alert), moment in zip(told, page, strict=True):
            email = names.get(complaint_id or 0, "")
            if is_alert and email:
                found.append(max(0.0, moment - at[int(email[1:].partition("@")[0])]))
    return found, odd


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--complaints", type=int, default=600)
    parser.add_argument("--per-second", type=float, default=20)
    parser.add_argument("--pages", type=int, default=200)
    parser.add_argument("--browsers", type=int, default=4)
    arguments = parser.parse_args()
    relay = CountingRelay()
    relay.start()
    with ExitStack() as open_:
        one = open_.enter_context(system(AMENDS_RELAY_HOST="127.0.0.1", AMENDS_RELAY_PORT=str(relay.port)))
        from amends.core.postgres import running

        url = open_.enter_context(running(Path(one.environment["AMENDS_DATA"])))
        one.environment["DATABASE_URL"] = url
        one.run("migrate")
        prepare_django(one)
        figures = measure(one, url, arguments)
        one.stop()
        from amends.cli.environment import close_connections

        close_connections()
    relay.stop()
    print_figures(figures)


def measure(one: System, url: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Open the pages, bring the stories, and read what the pages heard."""
    _set_up()
    cookie = _session()
    addresses = unhappy_answers(arguments.complaints)
    _start_web(one)
    for _number in range(environment.read({}).worker_processes):
        one.start("worker")
    one.wait_for_page()
    streams = Streams(one.port, cookie, arguments.pages - arguments.browsers)
    streams.start()
    with browser_pages(f"http://localhost:{one.port}", cookie, arguments.browsers) as pages, RawNotify(url) as raw:
        began = time.monotonic()
        answered = tell_all(one.port, addresses, arguments.per_second)
        seconds = time.monotonic() - began
        deadline = time.monotonic() + SETTLE_SECONDS
        while min(map(len, streams.heard)) < arguments.complaints and time.monotonic() < deadline:
            pages[0].wait_for_timeout(100) if pages else time.sleep(0.1)
        pages[0].wait_for_timeout(500) if pages else time.sleep(0.5)
        in_browser = [[moment / 1000 for moment in page.evaluate("globalThis.heard")] for page in pages]
    streams.stop()
    answered.sort()
    browser, odd_browsers = _blocking(latencies, in_browser, answered)
    plain, odd_streams = _blocking(latencies, streams.heard, answered)
    return {
        "bench": "alert",
        "complaints": arguments.complaints,
        "complaints_per_second": round(arguments.complaints / seconds, 1),
        "pages_open": {"chromium": arguments.browsers, "plain_event_streams": len(streams.heard)},
        "chromium_ms": _milliseconds(browser),
        "plain_streams_ms": _milliseconds(plain),
        "pages_with_another_number_of_events": odd_browsers + odd_streams,
        "raw_notify_ms": _milliseconds(raw.seconds),
        "ratio_p99_to_raw_notify_p99": round(
            quantile(browser or plain or [0.0], 0.99) / quantile(raw.seconds, 0.99), 1
        ),
    }


def _blocking(work: Any, *given: Any) -> Any:
    """Ask the database from a fresh thread: playwright leaves an event loop in this one, beside which Django refuses to."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(work, *given).result()


def _milliseconds(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {"count": 0}
    return {
        "count": len(seconds),
        **{f"p{share}": round(quantile(seconds, share / 100) * 1000, 1) for share in (50, 95, 99)},
        "max": round(max(seconds) * 1000, 1),
    }


def _session() -> str:
    """The cookie of a signed-in colleague."""
    from django.conf import settings
    from django.test import Client

    from amends.accounts.public import User

    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get())
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


if __name__ == "__main__":
    main()
