"""Health, readiness, figures and logs: true, and silent about people."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator

import pytest
from django.test import Client, RequestFactory

from amends.core import health, logs, metrics


@pytest.fixture
def json_lines(capsys: pytest.CaptureFixture[str]) -> Iterator[object]:
    """What the logging of the product writes, as objects."""
    logs.configure_logging()
    yield lambda: [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    logs.configure_logging()


@pytest.mark.django_db
def test_a_healthy_process_says_so(client: Client) -> None:
    assert client.get("/healthz").content == b"ok\n"
    assert client.get("/readyz").json() == {"ready": True, "problem": None}
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
def test_figures_come_from_the_database_and_count_requests_by_route(client: Client) -> None:
    client.get("/healthz")
    shown = client.get("/metrics").content.decode()
    assert 'route="healthz"' in shown
    size = next(line for line in shown.splitlines() if line.startswith("amends_database_bytes "))
    assert float(size.split()[1]) > 1_000_000


@pytest.mark.parametrize(
    ("where", "headers", "token", "allowed"),
    [
        ("127.0.0.1", {}, "", True),
        ("::1", {}, "", True),
        ("203.0.113.9", {}, "", False),
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, "", False),
        ("203.0.113.9", {"Authorization": "Bearer right"}, "right", True),
        ("127.0.0.1", {"Authorization": "Bearer wrong"}, "right", False),
        ("127.0.0.1", {}, "right", False),
        ("127.0.0.1", {"Authorization": "Bearer \xff\u20ac"}, "right", False),
        ("", {}, "", False),
    ],
)
def test_figures_are_for_this_machine_or_for_the_token(
    monkeypatch: pytest.MonkeyPatch, where: str, headers: dict[str, str], token: str, allowed: bool
) -> None:
    monkeypatch.setenv("AMENDS_METRICS_TOKEN", token)
    request = RequestFactory().get("/metrics", headers=headers, REMOTE_ADDR=where)
    assert health._may_read_metrics(request) is allowed


def test_a_figure_cannot_be_registered_twice() -> None:
    with pytest.raises(ValueError, match="is taken"):
        metrics.reading("amends_database_bytes", "Again.")(dict)


def test_logs_are_json_and_leave_people_out(json_lines: object) -> None:
    log = logs.log
    log.info("sent", message_id=7, email="ann@example.com", text="My kettle burns", note="to ann@example.com today")
    logging.getLogger("some.library").warning("refused %s because of %s", "ann@example.com", "My kettle burns")
    try:
        int("My kettle burns")
    except ValueError:
        log.exception("failed")
    lines = json_lines()  # type: ignore[operator]  # the fixture yields a function
    assert [line["event"] for line in lines] == ["sent", "refused %s because of %s", "failed"]
    assert lines[0]["message_id"] == 7
    assert lines[0]["note"] == "to [hidden] today"
    assert lines[2]["exception"][0] == "ValueError"
    assert "test_health.py" in lines[2]["exception"][1]
    everything = json.dumps(lines)
    assert "kettle" not in everything
    assert "ann@" not in everything


@pytest.mark.django_db
def test_a_request_is_logged_by_its_route_and_never_by_its_path(client: Client, json_lines: object) -> None:
    client.get("/p/very-secret-token/?q=ann@example.com")
    lines = json_lines()  # type: ignore[operator]  # the fixture yields a function
    assert [line["method"] for line in lines if line["event"] == "request"] == ["GET"]
    everything = json.dumps(lines)
    assert "very-secret-token" not in everything
    assert "ann@" not in everything
