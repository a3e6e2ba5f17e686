"""The staff's pages over the real services and database."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver, reverse
from pytest_django import DjangoAssertNumQueries
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, NewFile, Phase, portal_token, receive_message, reply
from amends.core import clock

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
SignedIn = Callable[[User], Client]


@pytest.fixture
def signed_in() -> SignedIn:
    """A browser session of this person, with CSRF checks as in life."""

    def make(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return make


def case_routes(complaint: Complaint) -> dict[str, str]:
    """Every address of the workspace that names a case."""
    found: dict[str, str] = {}
    extra: dict[str, Any] = {"part": "head", "key": "clocks", "file_id": 1, "message_id": 1}
    for name, values in get_resolver().namespace_dict["workspace"][1].reverse_dict.lists():
        arguments = values[0][0][0][1]
        if isinstance(name, str) and "reference" in arguments:
            given = {one: complaint.reference if one == "reference" else extra[one] for one in arguments}
            found[name] = reverse(f"workspace:{name}", kwargs=given)
    return found


def test_outsider_gets_404_on_every_case_route(charlie: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(charlie)
    routes = case_routes(complaint)
    assert len(routes) >= 11
    for name, address in routes.items():
        assert {client.get(address).status_code, client.post(address).status_code} <= {404, 405}, name
        allowed = client.post(address) if client.get(address).status_code == 405 else client.get(address)
        assert allowed.status_code == 404, name


def test_nobody_is_sent_to_the_sign_in_from_every_queue(house: House) -> None:
    answer = Client().get("/queue/mine/")
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/sign-in/?next=/queue/mine/"


def test_outsider_sees_no_row_and_finds_nothing(charlie: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(charlie)
    for address in (
        "/queue/all/",
        "/search/?q=Speaker",
        f"/search/?q={complaint.reference}",
        "/search/options/?q=Maya",
    ):
        page = client.get(address).text
        assert "data-row-link" not in page, address
        assert 'role="option" aria-selected="false" id="found-' not in page, address


def test_row_shows_the_case_with_its_clocks_in_words(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    page = signed_in(alice).get("/queue/unassigned/").text
    assert str(complaint.reference) in page
    assert "Maya Okafor" in page
    assert re.search(r'class="clock clock--\w+"[^>]*data-hint="Due [^"]+house[^"]*"', page)
    assert re.search(r"<time datetime=[^>]+>acknowledge \d+ min</time>", page)


@pytest.mark.parametrize("view", ["mine", "team", "unassigned", "breaching", "all"])
def test_queue_takes_the_same_number_of_queries_however_long_it_is(
    view: str, lena: User, house: House, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(lena)
    for number in range(3):
        new_complaint(house.london, subject=f"Number {number}")
    Complaint.objects.update(owner=None if view == "unassigned" else lena, team=house.care, next_due_at=clock.now())
    with django_assert_max_num_queries(8) as few:
        client.get(f"/queue/{view}/")
    for number in range(30):
        new_complaint(house.london, subject=f"More {number}")
    Complaint.objects.update(owner=None if view == "unassigned" else lena, team=house.care, next_due_at=clock.now())
    with django_assert_max_num_queries(len(few)):
        page = client.get(f"/queue/{view}/").text
    assert page.count("data-row-link") == 33


@pytest.mark.parametrize("view", ["all", "unassigned"])
def test_paging_shows_every_case_once_in_order(view: str, lena: User, house: House, signed_in: SignedIn) -> None:
    made = [new_complaint(house.london, subject=f"Case {number}") for number in range(120)]
    for number, one in enumerate(made):
        due = None if number % 3 == 0 else NOW + timedelta(hours=number // 4)
        Complaint.objects.filter(pk=one.pk).update(next_due_at=due, received_at=NOW - timedelta(minutes=number // 5))
    client, address, seen = signed_in(lena), f"/queue/{view}/", []
    for _ in range(5):
        page = client.get(address).text
        seen += re.findall(r'data-copy="([^"]+)"', page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        if older is None:
            break
        address = older.group(1).replace("&amp;", "&")
    assert sorted(seen) == sorted(str(one.reference) for one in made)
    if view == "unassigned":
        due = dict(Complaint.objects.values_list("reference", "next_due_at"))
        order = [due[reference] or datetime.max.replace(tzinfo=UTC) for reference in seen]
        assert order == sorted(order)


@pytest.mark.parametrize("after", ["x", "eyJ", "W10", "WzEsMl0", "WyJcdTAwMDAiLDFd", "%00", "WyIyMDI2LTAxLTAxIiwiYSJd"])
def test_damaged_page_cursor_is_a_clear_refusal(after: str, alice: User, signed_in: SignedIn) -> None:
    answer = signed_in(alice).get(f"/queue/all/?after={after}")
    assert answer.status_code in (200, 422), answer.status_code


def test_empty_queue_is_a_reward_and_a_narrow_filter_says_so(alice: User, house: House, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    assert "Everything here is answered" in client.get("/queue/mine/").text
    assert "No complaint has come in yet" in client.get("/queue/all/").text
    assert "No case fits" in client.get("/queue/all/?severity=4").text
    assert "No case is open" in client.get("/cases/").text


def test_case_page_shows_words_points_to_panels_and_offers_only_allowed_moves(
    alice: User, complaint: Complaint, signed_in: SignedIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client = signed_in(alice)
    with django_assert_max_num_queries(15):
        page = client.get(f"/cases/{complaint.reference}/").text
    assert "I have waited nine days" in page
    assert 'aria-current="step"' in page
    assert 'value="acknowledge"' in page
    assert 'value="close"' not in page
    assert 'data-key="a"' not in page, "an agent does not assign"


def test_compliance_reads_but_is_offered_nothing_to_change(
    conny: User, complaint: Complaint, signed_in: SignedIn
) -> None:
    client = signed_in(conny)
    page = client.get(f"/cases/{complaint.reference}/").text
    assert "I have waited nine days" in page
    assert "composer" not in page.split("<main", 1)[1]
    assert client.post(f"/cases/{complaint.reference}/note/", {"text": "x"}).status_code == 404


def test_agent_takes_replies_and_notes(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    taken = client.post(f"/cases/{complaint.reference}/take/?view=team", follow=True)
    assert taken.redirect_chain[-1][0].endswith("/?view=team")
    assert f"{complaint.reference} is yours." in taken.text
    assert "Given to Alice Example" in taken.text
    client.post(f"/cases/{complaint.reference}/note/", {"text": "Same serial range as last week."})
    client.post(f"/cases/{complaint.reference}/reply/", {"text": "I am sorry. I will ring you today before six."})
    page = client.get(f"/cases/{complaint.reference}/").text
    note = page.index("Same serial range")
    assert "entry--note" in page[page.rindex("<li", 0, note) : note]
    answer = page.index("I will ring you today")
    assert "entry--out" in page[page.rindex("<li", 0, answer) : answer]
    assert Message.objects.filter(complaint=complaint, direction="out", author=alice).count() == 1


def test_reply_can_be_called_back_until_it_leaves(
    alice: User, charlie: User, house: House, complaint: Complaint, signed_in: SignedIn
) -> None:
    message = reply(actor=actor(alice), complaint_id=complaint.pk, text="Sent too early.")
    assert message is not None
    other = new_complaint(house.london)
    client = signed_in(alice)
    assert client.post(f"/cases/{other.reference}/messages/{message.pk}/call-back/").status_code == 404
    assert "Call it back" in client.get(f"/cases/{complaint.reference}/").text
    called = client.post(f"/cases/{complaint.reference}/messages/{message.pk}/call-back/", follow=True)
    assert "The message was called back." in called.text
    assert "Call it back" not in called.text
    message.refresh_from_db()
    assert message.state == "cancelled"
    assert client.post(f"/cases/{complaint.reference}/messages/{message.pk}/call-back/").status_code == 409


def test_lead_assigns_and_gives_to_a_team(
    lena: User, alice: User, house: House, complaint: Complaint, signed_in: SignedIn
) -> None:
    client = signed_in(lena)
    client.post(f"/cases/{complaint.reference}/assign/", {"team": house.care.pk})
    client.post(f"/cases/{complaint.reference}/assign/", {"owner": alice.pk})
    complaint.refresh_from_db()
    assert (complaint.owner, complaint.team) == (alice, house.care)
    assert client.post(f"/cases/{complaint.reference}/assign/", {"owner": "1 or 1=1"}).status_code == 422


def test_a_move_that_is_not_allowed_is_refused_with_a_sentence(
    alice: User, complaint: Complaint, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    refused = client.post(f"/cases/{complaint.reference}/move/", {"action": "close"})
    assert refused.status_code == 409
    assert "cannot close" in refused.text
    partial = client.post(f"/cases/{complaint.reference}/move/", {"action": "close"}, headers={"HX-Request": "true"})
    assert partial.headers["HX-Retarget"] == "#toasts"
    moved = client.post(f"/cases/{complaint.reference}/move/", {"action": "investigate"}, follow=True)
    assert "Now: Investigating" in moved.text
    complaint.refresh_from_db()
    assert complaint.phase == Phase.INVESTIGATING


def test_resolving_needs_outcome_and_reason(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    client.post(f"/cases/{complaint.reference}/move/", {"action": "investigate"})
    assert (
        client.post(f"/cases/{complaint.reference}/move/", {"action": "resolve", "reason": "Refunded."}).status_code
        == 422
    )
    done = client.post(
        f"/cases/{complaint.reference}/move/",
        {"action": "resolve", "reason": "Refunded.", "outcome": "upheld"},
        follow=True,
    )
    assert "Resolved: Upheld" in done.text


def test_what_a_stranger_wrote_stays_text(alice: User, house: House, signed_in: SignedIn) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>{{ 7|add:7 }}"
    one = new_complaint(house.london, subject=nasty, text=nasty)
    for address in (f"/cases/{one.reference}/", "/queue/all/", "/search/options/?q=script"):
        page = signed_in(alice).get(address).text
        assert "<script>alert" not in page
        assert "<img" not in page


def test_staff_never_see_the_secret_of_the_customers_page(
    alice: User, complaint: Complaint, signed_in: SignedIn
) -> None:
    secret = portal_token(complaint.public_id)
    reply(actor=SYSTEM, complaint_id=complaint.pk, text=f"Your page: https://care.example/p/{secret}/ is open.")
    page = signed_in(alice).get(f"/cases/{complaint.reference}/").text
    assert secret not in page
    assert "[link to the customer&#x27;s page] is open." in page


def test_files_of_strangers_are_only_ever_downloaded(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    message = receive_message(
        actor=SYSTEM, complaint_id=complaint.pk, channel="email", text="See the file.",
        files=[NewFile(name='evil"\r\n/../x.html', content_type="text/html", data=b"<script>alert(1)</script>")],
    )  # fmt: skip
    attachment = message.attachments.get()
    answer = signed_in(alice).get(f"/cases/{complaint.reference}/files/{attachment.pk}/")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert answer.content == b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "AM-",
        "'; drop table",
        "a & b | !",
        "\x00",
        "ü" * 300,
        "maya@example.org",
        "Maya",
        "speak wait",
        "%",
        "\\",
        ":*",
    ],
)
def test_search_copes_with_anything_typed(query: str, alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    answer = signed_in(alice).get("/search/", {"q": query})
    assert answer.status_code == 200
    if query in ("AM-", "maya@example.org", "Maya", "speak wait"):
        assert str(complaint.reference) in answer.text


@pytest.mark.parametrize(
    "reference", ["%00", "AM%00-1", "x" * 5000, "%F0%9F%98%80", "%FF%FE", "..%2F..%2Fetc", "'%20or%201=1", "%E2%80%AE"]
)
def test_odd_references_are_not_found_and_never_an_error(
    reference: str, alice: User, house: House, signed_in: SignedIn
) -> None:
    client = signed_in(alice)
    for tail in ("", "parts/head/", "panels/clocks/", "files/1/"):
        assert client.get(f"/cases/{reference}/{tail}").status_code == 404, tail
    assert client.post(f"/cases/{reference}/note/", {"text": "x"}).status_code == 404


def test_odd_texts_are_cleaned_or_refused(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    for text in ("a\x00b", "\ud800", "x" * 200_000, "\u202e" * 50):
        sent = client.post(f"/cases/{complaint.reference}/note/", {"text": text.encode("utf-8", "replace").decode()})
        assert sent.status_code in (302, 422), repr(text[:5])
    assert client.post(f"/cases/{complaint.reference}/note/", {"text": "\x00 "}).status_code == 422
    for name in ("action", "reason", "outcome"):
        given = {"action": "resolve", "reason": "Refunded.", "outcome": "upheld", name: "\x00"}
        assert client.post(f"/cases/{complaint.reference}/move/", given).status_code == 422, name
    assert client.get("/queue/all/?phase=%00&severity=%00&after=%00&lang=%00").status_code in (200, 422)


def test_preferences_are_kept(alice: User, house: House, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    client.post("/preferences/", {"theme": "dark", "next": "/queue/all/"})
    client.post("/preferences/", {"shortcuts": "off", "next": "//evil.example/"})
    page = client.get("/queue/all/").text
    assert 'data-theme="dark"' in page
    assert 'data-shortcuts="off"' in page
    german = client.post("/preferences/", {"language": "de", "next": "https://evil.example/"})
    assert german.headers["Location"] == "/"
    assert '<html lang="de"' in client.get("/queue/all/").text


def test_every_page_is_free_of_inline_code_and_says_so(alice: User, complaint: Complaint, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    for address in ("/queue/all/", f"/cases/{complaint.reference}/", "/search/?q=a", "/nowhere/"):
        answer = client.get(address)
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        assert not re.search(r"<style|<script(?![^>]*src=)|\sstyle=|\son\w+=", answer.text), address


def test_actor_helper_sees_what_the_page_shows(alice: User, complaint: Complaint) -> None:
    from amends.workspace.listing import queue_page

    assert [row.id for row in queue_page(actor=actor(alice), view="all").rows] == [complaint.pk]
