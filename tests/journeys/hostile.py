"""Input that means harm, or is only broken, at the open doors of the running system: a clear 4xx, nothing stored half."""

from __future__ import annotations

import http.client
import json
import re
from urllib.parse import urlencode

from tests.journeys.story import Story
from tests.journeys.system import WholeSystem

WHO = {"name": "Mallory", "email": "mallory@example.org"}
SCRIPT = "<script>alert('hello')</script><img src=x onerror=alert(1)>"


def status_of(system: WholeSystem, method: str, path: str, body: bytes = b"", **headers: str) -> int:
    """The status of a raw request; a server that hangs up on a huge body has refused it too (413)."""
    connection = http.client.HTTPConnection("127.0.0.1", system.port, timeout=30)
    try:
        connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
        return connection.getresponse().status
    except (BrokenPipeError, ConnectionResetError):
        return 413
    finally:
        connection.close()


def number_of_cases(system: WholeSystem) -> int:
    return int(system.query("SELECT count(*) FROM cases_complaint")[0][0])


def refused_at_every_door(story: Story) -> None:
    """Wrong tokens, 20 MB, broken JSON, NUL bytes and endless names are refused by name, and nothing of them is kept."""
    system = story.system
    before = number_of_cases(system)
    token, kind = f"Bearer {system.token}", "application/json"
    by_api = ("POST", "/api/v1/complaints")
    whole = json.dumps({"complainant": WHO, "text": "It broke."}).encode()
    huge = json.dumps({"complainant": WHO, "text": "x" * 20_000_000}).encode()
    long_name = json.dumps({"complainant": {**WHO, "name": "n" * 10_000}, "text": "It broke."}).encode()
    nul_attribute = json.dumps({"complainant": WHO, "text": "It broke.", "attributes": {"a\0": "b"}}).encode()
    for expected, body, secret in (
        (401, whole, "Bearer amends_wrong"),
        (401, whole, "Basic bWFsbG9yeTpzZWNyZXQ="),
        (413, huge, token),
        (400, b'{"text": ', token),
        (400, b"\xff\xfe\x00", token),
        (422, b"[]", token),
        (422, long_name, token),
        (422, nul_attribute, token),
    ):
        assert status_of(system, *by_api, body, Authorization=secret, Content_Type=kind) == expected, body[:60]
    page = story.visit()
    page.goto("/complain/")
    stamp = page.locator("input[name=stamp]").input_value()
    for name, words in (("n" * 10_000, "It broke."), ("Mallory", "\0"), ("Mallory", "")):
        form = urlencode({"stamp": stamp, "name": name, "email": WHO["email"], "text": words}).encode()
        form_type = "application/x-www-form-urlencoded"
        assert status_of(system, "POST", "/complain/", form, Content_Type=form_type) == 422, (name[:9], words)
    for path in ("/cases/%00/", "/cases/AM-2026-999999/", "/p/%00/", f"/p/{'a' * 5000}/", "/s/x/", "/c/x/"):
        assert status_of(system, "GET", path) in (302, 400, 404), path
    assert number_of_cases(system) == before


def harmless_once_stored(story: Story) -> None:
    """Scripts and NUL bytes in words are text like any other: stored clean, shown, never run."""
    body = {
        "complainant": {**WHO, "name": f"Mallory {SCRIPT}"},
        "subject": SCRIPT,
        "text": f"My lamp broke.\0 {SCRIPT}",
    }
    answer = story.system.call("POST", "/complaints", body)
    assert answer.status == 201, answer.body
    case = story.system.wait_for(answer.body["reference"], assessment=...)
    assert "\0" not in json.dumps(case)
    page = story.case("bob", answer.body["reference"])
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))
    page.goto(f"/cases/{answer.body['reference']}/")
    page.wait_for_timeout(500)
    assert dialogs == []
    assert page.locator("#case-title").inner_text() == re.sub(r"\s+", " ", SCRIPT)
    for sender, words in (("Mallory", "second lamp"), ("n" * 10_000, "third lamp")):
        mail = (
            f"From: {sender} <{WHO['email']}>\r\nSubject: lamp\r\nMIME-Version: 1.0\r\n"
            f"Content-Type: text/html; charset=utf-8\r\n\r\n<p>My {words} is broken, I am angry.</p>{SCRIPT}\r\n"
        )
        assert story.system.send_mail(mail.encode(), sender=WHO["email"])
        story.system.wait_for_quiet()
        ((html, text, name),) = story.system.query(
            f"SELECT html, text, from_name FROM cases_message WHERE direction = 'in' AND text LIKE '%{words}%'"
        )
        assert "<p>" in html
        assert not re.search(r"<script|onerror|alert", html + text)
        assert len(name) <= 300
