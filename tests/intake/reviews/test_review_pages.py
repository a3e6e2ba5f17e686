"""The staff's pages and the API of reviews: who sees what, and what a press of a button does."""

from __future__ import annotations

import gettext
import io
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction
from django.test import Client
from tests.intake.reviews.servers import BEGIN, Google, Said
from tests.intake.reviews.test_review_storage import fetch, run_jobs
from tests.people import House
from tests.workspace.test_translations import _words_of_code, _words_of_template

import amends
from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Message
from amends.core import clock
from amends.intake.channels.reviews.connectors.base import Item
from amends.intake.channels.reviews.models import Mention, ReviewSource
from amends.intake.channels.reviews.services import store_items
from amends.workspace.catalogue import compile_catalogue

Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]
LATER = BEGIN + timedelta(days=10)
ROOT = Path(str(amends.__path__[0])) / "intake"


@pytest.fixture
def mention(serve: Serve, source_of: SourceOf) -> Mention:
    """An unhappy review of the London shop that has become a case."""
    server = serve(Google)
    server.add(1, "ONE", "The kettle <script>leaked</script>")
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        fetch(source)
    return Mention.objects.get()


def test_the_list_shows_the_unanswered_first_and_all_on_demand(client: Client, mention: Mention, alice: User) -> None:
    with transaction.atomic():
        store_items(mention.source, [Item(external_id="h", text="Lovely", rating=5, author="Noor")], now=LATER)
    run_jobs()
    client.force_login(alice)
    page = client.get("/mentions/").content.decode()
    assert "Person 1" in page
    assert "Noor" not in page
    assert "<script>leaked" not in page
    assert "Noor" in client.get("/mentions/?show=all").content.decode()
    Mention.objects.filter(pk=mention.pk).update(answered_at=LATER)
    assert "Every unhappy review is answered" in client.get("/mentions/").content.decode()
    assert "Person 1" in client.get("/mentions/?show=unhappy").content.decode()
    for odd in ("?show=x&source=y", "?source=99999999999999999999", "?source=1%00"):
        assert client.get(f"/mentions/{odd}").status_code == 200
    for damaged in ("x", "WzEsMl0", "WyIyMDI2LTAzLTAyIiwgInglIl0", "%00"):
        assert client.get(f"/mentions/?after={damaged}").status_code == 422


def test_the_list_goes_on_page_by_page_without_a_gap(client: Client, source_of: SourceOf, alice: User) -> None:
    items = [
        Item(
            external_id=str(number),
            text=f"number-{number}.",
            rating=1,
            published_at=BEGIN + timedelta(hours=number % 60),
        )
        for number in range(130)
    ]
    with transaction.atomic():
        store_items(source_of("csv"), items, now=LATER)
    client.force_login(alice)
    seen: list[str] = []
    address: str | None = "/mentions/?show=all"
    while address:
        page = client.get(address).content.decode()
        seen += re.findall(r"number-(\d+)\.", page)
        link = re.search(r'href="(\?[^"]+)" rel="next"', page)
        address = f"/mentions/{link[1].replace('&amp;', '&')}" if link else None
    assert seen[0] == "119"
    assert sorted(map(int, seen)) == list(range(130))


def test_an_outsider_sees_nothing_of_it(client: Client, mention: Mention, charlie: User) -> None:
    client.force_login(charlie)
    assert "Person 1" not in client.get("/mentions/?show=all").content.decode()
    assert client.get(f"/mentions/{mention.pk}/").status_code == 404
    assert client.post(f"/mentions/{mention.pk}/reply/", {"text": "x", "number": "1"}).status_code == 404
    assert client.post(f"/mentions/{mention.pk}/case/").status_code == 404
    assert client.get("/review-sources/").status_code == 404
    assert client.get(f"/review-sources/{mention.source_id}/").status_code == 404
    assert client.get(f"/mentions/{2**70}/").status_code == 404


def test_a_reply_is_written_on_the_page_of_the_review(client: Client, mention: Mention, alice: User) -> None:
    client.force_login(alice)
    page = client.get(f"/mentions/{mention.pk}/").content.decode()
    assert "Hello Person 1," in page
    assert "/complain/" in page
    private = client.post(
        f"/mentions/{mention.pk}/reply/", {"text": f"Your case {mention.complaint.reference}", "number": "1"}
    )  # type: ignore[union-attr]
    assert private.status_code == 422
    assert "has something private in it: reference" in private.content.decode()
    assert f"Your case {mention.complaint.reference}" in private.content.decode()  # type: ignore[union-attr]
    sent = client.post(f"/mentions/{mention.pk}/reply/", {"text": "Sorry! Please write to us.", "number": "1"})
    assert (sent.status_code, sent.headers["Location"]) == (302, f"/mentions/{mention.pk}/")
    again = client.post(f"/mentions/{mention.pk}/reply/", {"text": "Sorry! Please write to us.", "number": "1"})
    assert again.status_code == 409
    assert Message.objects.filter(kind="public_reply").count() == 1
    page = client.get(f"/mentions/{mention.pk}/").content.decode()
    assert "A reply is on its way." in page
    assert 'name="text"' not in page


def test_compliance_reads_and_cannot_reply(client: Client, mention: Mention, conny: User) -> None:
    client.force_login(conny)
    assert 'name="text"' not in client.get(f"/mentions/{mention.pk}/").content.decode()
    assert client.post(f"/mentions/{mention.pk}/reply/", {"text": "x", "number": "1"}).status_code == 404


def test_a_case_is_made_of_a_kept_review(client: Client, source_of: SourceOf, alice: User) -> None:
    with transaction.atomic():
        store_items(source_of("csv"), [Item(external_id="h", text="Fine, but late", rating=4)], now=LATER)
    run_jobs()
    mention = Mention.objects.get()
    client.force_login(alice)
    assert "Make a case of it" in client.get(f"/mentions/{mention.pk}/").content.decode()
    assert client.post(f"/mentions/{mention.pk}/case/").status_code == 302
    mention.refresh_from_db()
    assert mention.complaint is not None
    assert mention.complaint.reference in client.get(f"/mentions/{mention.pk}/").content.decode()


def test_a_source_is_added_paused_and_visited(client: Client, house: House, ada: User) -> None:
    client.force_login(ada)
    assert "Trustpilot" in client.get("/review-sources/").content.decode()
    form = client.get("/review-sources/add/trustpilot/").content.decode()
    assert "Business unit id" in form
    values = {
        "name": "Trustpilot", "unit": "london", "threshold": "3", "every_minutes": "15", "contact": "help@shop.example",
        "value_business_unit": "507f191e810c19729de860ea", "value_author": "507f191e810c19729de860eb",
        "value_api_key": "the-key-itself", "value_api_secret": "file:trustpilot", "since": "2026-01-31",
    }  # fmt: skip
    refused = client.post("/review-sources/add/trustpilot/", values)
    assert refused.status_code == 422
    assert "Do not type the secret here" in refused.content.decode()
    added = client.post("/review-sources/add/trustpilot/", values | {"value_api_key": "env:AMENDS_REVIEWS_KEY"})
    assert added.status_code == 302
    source = ReviewSource.objects.get()
    assert source.secrets == {"api_key": "env:AMENDS_REVIEWS_KEY", "api_secret": "file:trustpilot"}
    page = client.get(f"/review-sources/{source.pk}/").content.decode()
    assert "help@shop.example" in page
    assert "Fetch now" in page
    client.post(f"/review-sources/{source.pk}/switch/", {"act": "pause"})
    source.refresh_from_db()
    assert source.state == "paused"
    client.post(f"/review-sources/{source.pk}/switch/", {"act": "fetch"})
    source.refresh_from_db()
    assert source.state == "active"
    assert client.get("/review-sources/add/friendster/").status_code == 422
    assert client.post("/review-sources/add/csv/", {"name": "\x00"}).status_code == 422


def test_a_failing_source_is_shown_where_people_look(
    client: Client, serve: Serve, source_of: SourceOf, ada: User, alice: User
) -> None:
    server = serve(Google)
    server.refresh_works = False
    source = source_of("google_business", server)
    fetch(source)
    client.force_login(ada)
    for page in ("/mentions/", "/review-sources/", f"/review-sources/{source.pk}/"):
        assert "connect the account again" in client.get(page).content.decode()
    client.force_login(alice)
    assert "connect the account again" not in client.get("/mentions/").content.decode()
    server.faults = [Said(500, {})]
    figures = client.get("/metrics").content.decode()
    assert 'amends_review_sources_total{kind="google_business",state="failing"} 1.0' in figures


def test_a_file_is_taken_in_once_or_refused_whole(client: Client, source_of: SourceOf, ada: User) -> None:
    source = source_of("csv")
    client.force_login(ada)

    def bring(data: bytes) -> Any:
        return client.post(
            f"/review-sources/{source.pk}/file/", {"file": SimpleUploadedFile("r.csv", data, "text/csv")}
        )

    refused = bring(b"text,rating\ngood,5\nbad,nine\n")
    assert refused.status_code == 422
    assert "Line 3" in refused.content.decode()
    assert Mention.objects.count() == 0
    for _ in range(2):
        assert bring(b"id,text,rating,author\n1,Broken,1,Maya\n2,Good,5,Noor\n").status_code == 302
    run_jobs()
    assert Mention.objects.count() == 2
    assert client.post(f"/review-sources/{source.pk}/file/").status_code == 422


def test_a_file_is_not_for_a_source_that_is_read_by_itself(
    client: Client, serve: Serve, source_of: SourceOf, ada: User
) -> None:
    source = source_of("google_business", serve(Google))
    client.force_login(ada)
    sent = client.post(f"/review-sources/{source.pk}/file/", {"file": SimpleUploadedFile("r.csv", b"text\nx\n")})
    assert sent.status_code == 422


def test_the_api_lists_reviews_and_adds_sources(client: Client, mention: Mention, house: House, token: str) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    (one,) = client.get("/api/v1/mentions?show=unanswered", headers=headers).json()
    assert (one["rating"], one["reference"], one["answered_at"]) == (1, mention.complaint.reference, None)  # type: ignore[union-attr]
    body = {"name": "Forum", "kind": "feed", "unit": "berlin", "values": {"url": "https://forum.example/feed"}}
    added = client.post("/api/v1/review-sources", body, content_type="application/json", headers=headers)
    assert added.status_code == 201
    names = [row["name"] for row in client.get("/api/v1/review-sources", headers=headers).json()]
    assert names == ["Forum", "google_business of London"]
    again = client.post("/api/v1/review-sources", body, content_type="application/json", headers=headers)
    assert again.status_code == 409
    for wrong in (
        {"kind": "x"},
        {"unit": "nowhere"},
        {"values": {}},
        {"values": {"url": "file:///etc/passwd"}},
        {"threshold": 9},
    ):
        sent = client.post(
            "/api/v1/review-sources", body | {"name": "N"} | wrong, content_type="application/json", headers=headers
        )
        assert sent.status_code in (404, 422), wrong


def test_the_api_takes_a_file(client: Client, source_of: SourceOf, house: House, token: str) -> None:
    source = source_of("csv")
    address = f"/api/v1/review-sources/{source.pk}/file"

    def bring(secret: str, data: bytes) -> Any:
        file = SimpleUploadedFile("r.csv", data, "text/csv")
        return client.post(address, {"file": file}, headers={"Authorization": f"Bearer {secret}"})

    rows = b"text,rating\nIt broke,1\nFine,5\n"
    assert bring(token, rows).json() == {"reviews": 2, "known": 0, "failed": 0}
    assert bring(token, rows).json() == {"reviews": 2, "known": 2, "failed": 0}
    assert bring(token, b"words\nx\n").status_code == 422
    outsider = create_token(actor=SYSTEM, name="outsider", scopes=["intake"], unit=house.berlin)
    assert bring(outsider, rows).status_code == 404
    run_jobs()
    assert Mention.objects.get(rating=1).complaint is not None


def test_an_answer_is_late_after_a_day(client: Client, mention: Mention, alice: User) -> None:
    client.force_login(alice)
    assert mention.complaint is not None
    assert mention.complaint.attributes["public_answer_due"] == (LATER + timedelta(hours=24)).isoformat()
    with clock.frozen_at(LATER + timedelta(hours=23)):
        assert "answer is late" not in client.get("/mentions/").content.decode()
    with clock.frozen_at(LATER + timedelta(hours=25)):
        assert "answer is late" in client.get("/mentions/").content.decode()
        assert 'amends_reviews_answer_late_total{kind="google_business"} 1.0' in client.get("/metrics").content.decode()
    Mention.objects.update(answered_at=LATER)
    mention.refresh_from_db()
    assert mention.answer_due_at is None


def test_the_api_shows_an_outsider_nothing(client: Client, mention: Mention, house: House) -> None:
    secret = create_token(actor=SYSTEM, name="outsider", scopes=["read", "admin"], unit=house.berlin)
    headers = {"Authorization": f"Bearer {secret}"}
    assert client.get("/api/v1/mentions", headers=headers).json() == []
    assert client.get("/api/v1/review-sources", headers=headers).json() == []
    body = {"name": "Forum", "kind": "feed", "unit": "london", "values": {"url": "https://forum.example/feed"}}
    sent = client.post("/api/v1/review-sources", body, content_type="application/json", headers=headers)
    assert sent.status_code == 404
    reading = {"Authorization": f"Bearer {create_token(actor=SYSTEM, name='reader', scopes=['read'])}"}
    assert client.get("/api/v1/review-sources", headers=reading).status_code == 403


def test_every_word_of_the_reviews_has_its_german() -> None:
    words = set()
    for path in (ROOT / "channels/reviews").rglob("*.py"):
        words |= {word for _, word in _words_of_code(path.read_text())}
    for path in (ROOT / "templates/intake/reviews").rglob("*.html"):
        words |= {word for _, word in _words_of_template(path.read_text())}
    source = (ROOT / "channels/reviews/locale/de/LC_MESSAGES/django.po").read_text()
    german = gettext.GNUTranslations(io.BytesIO(compile_catalogue(source)))
    assert len(words) > 90
    assert sorted(word for word in words if word not in german._catalog) == []  # type: ignore[attr-defined]


def test_the_pages_speak_german(client: Client, mention: Mention, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(language="de")
    client.force_login(alice)
    page = client.get(f"/mentions/{mention.pk}/", headers={"Accept-Language": "de"}).content.decode()
    assert "Öffentlich antworten" in page
