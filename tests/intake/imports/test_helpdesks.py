"""Exports of other helpdesks come in with everything that was said, by whom, when and to whom."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.intake.imports.samples import FRESHDESK, FRESHDESK_XML, ZAMMAD, ZAMMAD_ASSETS, ZENDESK, ZENDESK_EXPORT
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.audit.public import Record, seal, verify
from amends.cases.public import Attachment, Complaint, Message
from amends.clocks.public import clocks_of
from amends.intake.channels.imports.models import ImportRun
from amends.intake.channels.imports.run import ImportOrder, run_import

pytestmark = pytest.mark.django_db


def take(house: House, path: Path, form: str) -> ImportRun:
    return run_import(actor=SYSTEM, order=ImportOrder(path, form, house.root, None, path.with_suffix(".errors.csv")))


def said(complaint: Complaint) -> list[tuple[str, str, str]]:
    return [
        (one.direction, one.kind, one.text) for one in Message.objects.filter(complaint=complaint).order_by("at", "pk")
    ]


def test_a_zendesk_export_comes_with_its_comments_in_order(house: House, tmp_path: Path) -> None:
    path = tmp_path / "zendesk.json"
    path.write_text(json.dumps(ZENDESK_EXPORT, indent=1))
    run = take(house, path, "zendesk")
    assert (run.rows, run.created, run.refused) == (2, 2, 0)
    one = Complaint.objects.get(intake_keys__key="4711")
    assert said(one) == [
        ("in", "message", "My speaker is silent since Monday.\n\n📎 silent.mp4 (20480 bytes)"),
        ("out", "message", "We are sorry. A new one is on its way."),
        ("internal", "note", "Stock says Friday."),
    ]
    assert (one.phase, one.channel, one.unit_id) == ("resolved", "email", house.london.pk)
    assert (one.customer.name, one.customer.email, one.customer.language) == ("Maya Okafor", "maya@example.org", "en")
    assert one.received_at == datetime(2025, 3, 3, 9, tzinfo=UTC)
    assert one.acknowledged_at == datetime(2025, 3, 4, 10, tzinfo=UTC)
    assert one.resolved_at == datetime(2025, 3, 7, 16, 30, tzinfo=UTC)
    assert one.attributes["tags"] == "speaker, refund"
    assert (one.attributes["satisfaction"], one.attributes["satisfaction_comment"]) == ("bad", "It took too long.")
    assert (one.attributes["Order"], one.attributes["group"], one.attributes["assignee"]) == (
        "ORD-77",
        "London shop",
        "Sam Agent",
    )
    answer = Message.objects.get(complaint=one, direction="out")
    assert (answer.from_name, answer.to_address, answer.state) == ("Sam Agent", "maya@example.org", "sent")
    assert answer.sent_at == answer.at
    assert "<b>sorry</b>" in answer.html
    assert "script" not in answer.html
    still_open = Complaint.objects.get(intake_keys__key="4712")
    assert said(still_open) == [("in", "message", "My speaker is silent since Monday.")]
    assert "satisfaction" not in still_open.attributes
    assert clocks_of(still_open)
    assert clocks_of(one) == []
    assert Record.objects.get(chain=f"complaint:{one.pk}", kind="registered").data["messages"] == 3
    seal()
    assert verify().whole


def test_zendesk_json_lines_carry_their_people_inside(house: House, tmp_path: Path) -> None:
    path = tmp_path / "zendesk.jsonl"
    ticket = {**ZENDESK, "requester": {"id": 11, "name": "Maya Okafor", "email": "maya@example.org", "role": "end-user"},
              "assignee": {"id": 21, "name": "Sam Agent"}, "group": {"id": 31, "name": "Nobody's group"}}  # fmt: skip
    path.write_text(json.dumps(ticket) + "\n" + json.dumps({**ticket, "id": 1, "status": "deleted"}) + "\n")
    run = take(house, path, "zendesk")
    assert (run.created, run.refused) == (1, 1)
    assert "no phase 'deleted'" in run.problems.get().reason
    one = Complaint.objects.get()
    assert one.unit_id == house.root.pk
    assert [direction for direction, _, _ in said(one)] == ["in", "out", "internal"]


def test_a_zammad_ticket_comes_with_its_articles(house: House, tmp_path: Path) -> None:
    path = tmp_path / "zammad.json"
    path.write_text(json.dumps([ZAMMAD, ZAMMAD_ASSETS]))
    run = take(house, path, "zammad")
    assert (run.created, run.refused) == (2, 0)
    one = Complaint.objects.get(intake_keys__key="61009")
    assert said(one) == [
        ("in", "message", "Sie haben zweimal abgebucht.\n\n- 1. Februar\n\n📎 konto.pdf (9000 bytes)"),
        ("internal", "note", "Buchhaltung gefragt."),
        ("out", "call", "Angerufen: Das Geld ist zurück."),
    ]
    assert (one.phase, one.unit_id, one.channel) == ("closed", house.berlin.pk, "email")
    assert one.text.startswith("Sie haben zweimal")
    assert (one.customer.name, one.customer.email) == ("Jana Kurz", "jana@example.org")
    assert one.closed_at == datetime(2025, 2, 2, 12, tzinfo=UTC)
    assert one.attributes["filiale_nr"] == "B-12"
    other = Complaint.objects.get(intake_keys__key="61010")
    assert said(other) == [("in", "message", "Es ist kaputt."), ("out", "message", "Ein neues kommt.")]
    assert Message.objects.get(complaint=other, direction="out").from_name == "Kai Lang"
    assert (other.customer_id, other.phase) == (one.customer_id, "closed")


def test_a_freshdesk_ticket_comes_with_its_conversations(house: House, tmp_path: Path) -> None:
    path = tmp_path / "freshdesk.json"
    path.write_text(
        json.dumps(
            {
                "tickets": [FRESHDESK],
                "groups": [{"id": 71, "name": "LONDON"}],
                "agents": [{"id": 61, "contact": {"name": "Ava"}}],
            }
        )
    )
    run = take(house, path, "freshdesk")
    assert (run.created, run.refused) == (1, 0)
    one = Complaint.objects.get()
    assert said(one) == [
        ("in", "message", "The parcel is a week late."),
        ("out", "message", "It arrives today.\n\n📎 label.pdf (100 bytes)"),
        ("internal", "note", "Carrier lost it once."),
        ("in", "message", "Thank you."),
    ]
    assert (one.phase, one.channel, one.unit_id) == ("closed", "phone", house.london.pk)
    assert one.resolved_at == datetime(2025, 4, 3, 10, tzinfo=UTC)
    assert one.attributes["order_number"] == "A-1"
    assert Message.objects.filter(complaint=one, direction="out").get().from_name == "Ava"


def test_freshdesk_xml_is_read_and_a_broken_ticket_is_named(house: House, tmp_path: Path) -> None:
    path = tmp_path / "Tickets0.xml"
    path.write_text(FRESHDESK_XML)
    run = take(house, path, "freshdesk")
    assert (run.created, run.refused) == (1, 1)
    assert said(Complaint.objects.get()) == [
        ("in", "message", "It is green, not blue."),
        ("out", "message", "Blue is on its way."),
    ]
    refused = run.problems.get()
    assert refused.line == 2
    assert "the other day" in refused.reason


def test_files_whose_bytes_come_along_are_kept(house: House, tmp_path: Path) -> None:
    path = tmp_path / "zammad.jsonl"
    article = {
        **ZAMMAD["articles"][0],
        "attachments": [{"filename": "a.txt", "data": "SGVsbG8="}, {"filename": "b.txt", "data": "%%%"}],
    }
    path.write_text(json.dumps({**ZAMMAD, "articles": [article]}) + "\n")
    take(house, path, "zammad")
    kept = Attachment.objects.get()
    assert (kept.name, bytes(kept.blob.data)) == ("a.txt", b"Hello")
    assert "📎 b.txt" in kept.message.text
    assert "a.txt" not in kept.message.text


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"tickets": [{"id": 1, "created_at": "2025-01-01T00:00:00Z", "description": "x", "status": "open"}, {"id": 2', "not JSON at"),
        ('{"tickets": [1, {"id": 1, "created_at": "2025-01-01T00:00:00Z", "description": "x", "status": "open"}]}', "not a ticket"),
        ('{"tickets": [{"id": 1, "created_at": "2025-01-01T00:00:00Z", "description": "x", "status": "open", "comments": [{"body": "y", "created_at": "soon"}]}, {"id": 2, "created_at": "2025-01-01T00:00:00Z", "description": "x", "status": "open"}]}', "soon"),  # noqa: E501  # one sample
    ],
)  # fmt: skip
def test_what_is_broken_in_an_export_does_not_stop_the_rest(
    house: House, tmp_path: Path, text: str, reason: str
) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    run = take(house, path, "zendesk")
    assert (run.created, run.refused) == (1, 1)
    assert reason in run.problems.get().reason


def test_the_same_ticket_in_a_later_export_is_known(house: House, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(ZAMMAD) + "\n")
    take(house, path, "zammad")
    later = tmp_path / "two.jsonl"
    later.write_text(json.dumps(ZAMMAD) + "\n" + json.dumps({**ZAMMAD, "number": "61011"}) + "\n")
    run = take(house, later, "zammad")
    assert (run.created, run.known) == (1, 1)
    assert Complaint.objects.count() == 2
