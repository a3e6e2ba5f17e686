"""What was read is kept once, whatever dies; the unhappy become complaints; edits and deletions are noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, connections, transaction
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.intake.reviews.servers import (
    BEGIN,
    AppStoreServer,
    FeedServer,
    Google,
    MastodonServer,
    Said,
    TrustpilotServer,
)
from tests.people import House, actor

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.intake.channels.reviews import fetching, jobs, services
from amends.intake.channels.reviews.connectors.base import Item
from amends.intake.channels.reviews.models import Mention, ReviewSource
from amends.intake.channels.reviews.services import NewSource, add_source, make_case, storable, store_items

Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]
LATER = BEGIN + timedelta(days=10)


def fetch(source: ReviewSource) -> str:
    """Ask the source now, and do the jobs that come of it."""
    ReviewSource.objects.filter(pk=source.pk).update(next_fetch_at=clock.now())
    outcome = fetching.fetch_source(source_id=source.pk)
    run_jobs()
    source.refresh_from_db()
    return outcome


def run_jobs() -> None:
    """Do what waits: looking into reviews, and looking up those that were missing."""
    work = {"intake.look_into_review": services.look_into_mention, "intake.check_review": fetching.check_mention_again}
    waiting = ProcrastinateJob.objects.filter(task_name__in=work, status="todo").order_by("id")
    for job in waiting:
        work[job.task_name](**job.args)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing' WHERE id = ANY(%s)", [[one.pk for one in waiting]]
        )


def test_an_unhappy_review_becomes_a_complaint_and_a_happy_one_is_kept(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1, "ONE", "The kettle leaked and nobody answers")
    server.add(2, "FIVE", "Lovely")
    server.add(3, "THREE", "")
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        assert fetch(source) == "done"
    assert Mention.objects.count() == 3
    unhappy = Mention.objects.get(external_id="r1")
    assert unhappy.complaint is not None
    case = unhappy.complaint
    assert (case.channel, case.unit_id, case.customer.name, case.customer.email) == (
        "review",
        source.unit_id,
        "Person 1",
        "",
    )
    assert case.text == "The kettle leaked and nobody answers"
    assert case.attributes["rating"] == 1
    assert case.received_at == LATER
    assert Mention.objects.get(external_id="r2").complaint is None
    assert Mention.objects.get(external_id="r2").unhappy is False
    without_words = Mention.objects.get(external_id="r3").complaint
    assert without_words is not None
    assert without_words.subject == "google_business of London (3/5)"


def test_reading_again_doubles_nothing(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    for number in range(70):
        server.add(number)
    source = source_of("google_business", server)
    for day in range(3):
        with clock.frozen_at(LATER + timedelta(days=day)):
            fetch(source)
    assert Mention.objects.count() == Complaint.objects.count() == 70
    assert Message.objects.count() == 70


def test_an_edited_review_adds_a_message_and_keeps_what_it_said(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1, "ONE", "Leaks")
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        fetch(source)
    server.reviews["r1"] |= {
        "comment": "Leaks, and now it smokes",
        "updateTime": "2026-03-13T09:00:00Z",
        "starRating": "TWO",
    }
    with clock.frozen_at(LATER + timedelta(days=2)):
        fetch(source)
        fetch(source)
    mention = Mention.objects.get()
    assert [one.text for one in mention.versions.all()] == ["Leaks"]
    assert mention.complaint is not None
    texts = list(Message.objects.filter(complaint=mention.complaint).order_by("id").values_list("text", flat=True))
    assert texts == ["Leaks", "★★☆☆☆\nLeaks, and now it smokes"]
    assert Complaint.objects.count() == 1


def test_a_happy_review_that_turns_unhappy_becomes_a_complaint(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1, "FIVE", "Great")
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        fetch(source)
    assert Complaint.objects.count() == 0
    server.reviews["r1"] |= {
        "comment": "It broke after a week",
        "updateTime": "2026-03-13T09:00:00Z",
        "starRating": "ONE",
    }
    with clock.frozen_at(LATER + timedelta(days=2)):
        fetch(source)
    assert Complaint.objects.get().text == "It broke after a week"


def test_without_stars_the_words_decide(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    server.add(1, "<p>My order never arrived, this is unacceptable, I want my money back</p>")
    server.add(2, "<p>Good morning everybody, lovely weather</p>")
    source = source_of("mastodon", server)
    with clock.frozen_at(LATER):
        fetch(source)
    assert [one.external_id for one in Mention.objects.filter(unhappy=True)] == ["10001"]
    assert Complaint.objects.get().customer.user_name == "@p1@far.example"


def test_what_was_written_before_the_source_was_added_is_kept_but_alarms_nobody(
    serve: Serve, source_of: SourceOf
) -> None:
    server = serve(Google)
    server.add(1, "ONE", "Years ago", at=BEGIN - timedelta(days=900))
    server.add(2, "ONE", "Yesterday")
    source = source_of("google_business", server, complaints_since=BEGIN)
    with clock.frozen_at(LATER):
        fetch(source)
    assert Mention.objects.filter(unhappy=True).count() == 2
    assert Complaint.objects.get().text == "Yesterday"


def test_a_deleted_review_is_noticed_by_the_full_sweep_and_only_then(serve: Serve, source_of: SourceOf) -> None:
    server = serve(TrustpilotServer)
    for number in range(130):
        server.add(number)
    source = source_of("trustpilot", server)
    with clock.frozen_at(LATER):
        fetch(source)
    gone = server.reviews.pop(f"{5:024x}")
    with clock.frozen_at(LATER + timedelta(hours=1)):
        fetch(source)
        assert not Mention.objects.filter(gone_at__isnull=False).exists()
    with clock.frozen_at(LATER + timedelta(hours=30)):
        fetch(source)
        assert Mention.objects.get(gone_at__isnull=False).external_id == gone["id"]
    server.reviews[gone["id"]] = gone
    with clock.frozen_at(LATER + timedelta(hours=60)):
        fetch(source)
    assert not Mention.objects.filter(gone_at__isnull=False).exists()
    assert Complaint.objects.count() == 130


def test_a_review_missed_while_pages_shifted_is_not_taken_for_deleted(serve: Serve, source_of: SourceOf) -> None:
    server = serve(TrustpilotServer)
    server.add(1)
    source = source_of("trustpilot", server)
    with clock.frozen_at(LATER):
        fetch(source)
    Mention.objects.update(seen_at=LATER - timedelta(days=1))
    with clock.frozen_at(LATER + timedelta(hours=30)):
        jobs.check_mention(mention_id=Mention.objects.get().pk)
    assert Mention.objects.get().gone_at is None


@pytest.mark.parametrize("where", ["before the page", "in the middle of the page", "before the commit"])
def test_a_worker_that_dies_anywhere_loses_and_doubles_nothing(
    serve: Serve, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    class Killed(BaseException):
        pass

    server = serve(Google)
    for number in range(60):
        server.add(number)
    source = source_of("google_business", server)
    with clock.frozen_at(LATER), monkeypatch.context() as patched:
        if where == "before the page":
            patched.setattr(fetching, "_store", _raise(Killed))
        elif where == "in the middle of the page":
            taken = services._take
            counted: list[int] = []

            def take(*given: Any) -> bool:
                counted.append(1)
                if len(counted) == 20:
                    raise Killed
                return taken(*given)

            patched.setattr(services, "_take", take)
        else:
            patched.setattr(ReviewSource, "save", _raise(Killed))
        with pytest.raises(Killed), transaction.atomic():
            fetch(source)
    assert Mention.objects.count() == 0
    source.refresh_from_db()
    assert source.cursor == {}
    with clock.frozen_at(LATER):
        fetch(source)
    assert Mention.objects.count() == Complaint.objects.count() == 60


def _raise(error: type[BaseException]) -> Callable[..., Any]:
    def raising(*_given: Any, **_named: Any) -> Any:
        raise error

    return raising


def test_a_worker_that_dies_between_two_pages_goes_on_at_the_second(
    serve: Serve, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(Google)
    for number in range(120):
        server.add(number)
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        with monkeypatch.context() as patched:
            patched.setattr(fetching, "PAGES_IN_ONE_RUN", 1)
            assert fetch(source) == "more"
        assert Mention.objects.count() == 50
        before = server.count("GET", "/reviews")
        assert fetch(source) == "done"
        assert server.count("GET", "/reviews") - before == 2
    assert Complaint.objects.count() == 120


def test_a_look_into_a_review_that_dies_is_done_again(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1)
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        ReviewSource.objects.update(next_fetch_at=LATER)
        fetching.fetch_source(source_id=source.pk)
    ProcrastinateJob.objects.filter(task_name="intake.look_into_review")
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'intake.look_into_review'")
    with clock.frozen_at(LATER + timedelta(minutes=10)):
        assert jobs.take_up_reviews(0) == 1
        assert jobs.take_up_reviews(0) == 1
        assert ProcrastinateJob.objects.filter(task_name="intake.look_into_review").count() == 1
        run_jobs()
    mention = Mention.objects.get()
    assert services.look_into_mention(mention_id=mention.pk) == "nothing"
    assert Complaint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("no_jobs_left")
def test_two_workers_do_not_read_one_source_at_once(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1)
    source = source_of("google_business", server)
    outcomes: list[str] = []
    with fetching.alone(f"reviews:{source.pk}") as free:
        assert free

        def other() -> None:
            outcomes.append(fetching.fetch_source(source_id=source.pk))
            connections.close_all()

        thread = threading.Thread(target=other)
        thread.start()
        thread.join(10)
    assert outcomes == ["busy"]
    assert fetching.fetch_source(source_id=source.pk) == "done"


def test_a_page_whose_cursor_somebody_moved_meanwhile_is_not_stored(
    serve: Serve, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(Google)
    server.add(1)
    source = source_of("google_business", server)
    stored = fetching._store

    def late(row: ReviewSource, *given: Any, **named: Any) -> str:
        ReviewSource.objects.filter(pk=row.pk).update(cursor={"newest": "2026-03-05T00:00:00+00:00"})
        return stored(row, *given, **named)

    monkeypatch.setattr(fetching, "_store", late)
    assert fetch(source) == "busy"
    assert Mention.objects.count() == 0


def test_failures_are_shown_and_tried_later_and_later(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1)
    source = source_of("google_business", server)
    pauses = []
    with clock.frozen_at(LATER):
        for _ in range(4):
            server.faults = [Said(500, {})]
            assert fetch(source) == "failed"
            pauses.append((source.next_fetch_at - LATER).total_seconds())
        assert (source.failures, source.last_error_kind) == (4, "temporary")
        assert "500" in source.last_error
        assert 30 <= pauses[0] <= 60
        assert 240 <= pauses[3] <= 480
        assert fetch(source) == "done"
    assert (source.failures, source.last_error) == (0, "")


def test_a_limit_is_waited_for_and_the_place_kept(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    for number in range(60):
        server.add(number)
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        server.faults = [Said(429, {}, {"Retry-After": "1800"})]
        assert fetch(source) == "failed"
        assert source.next_fetch_at >= LATER + timedelta(seconds=1800)
        assert fetching.fetch_source(source_id=source.pk) == "not due"
        assert fetch(source) == "done"
    assert Mention.objects.count() == 60


def test_an_answer_that_nobody_documented_stops_this_source_only(
    serve: Serve, source_of: SourceOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = serve(Google)
    server.faults = [
        Said(200, {"reviews": [3, {"reviewId": {"a": 1}}, {"reviewId": "ok", "starRating": ["ONE"], "comment": 7}]})
    ]
    source = source_of("google_business", server)
    with clock.frozen_at(LATER):
        outcome = fetch(source)
    assert outcome in ("failed", "done")
    assert source.last_error != ""


def test_hostile_texts_are_stored_clean(house: House, source_of: SourceOf) -> None:
    source = source_of("csv")
    items = [
        Item(external_id="a\x00b", text="x\x00y\ud800", title="t\x00", author="n" * 5000, url="javascript:alert(1)",
             raw={"a\x00": "\x00", "deep": [[[[[[["x"]]]]]]], "n": float("nan"), "o": object()}),
        Item(external_id="e" * 5000, text="z" * 90_000, language="en_GB_and_much_more_of_it", url="https://x.example/\ny"),
        Item(external_id="same", text="one"), Item(external_id="same", text="one"),
    ]  # fmt: skip
    with transaction.atomic():
        assert store_items(source, items, now=LATER) == 0
    run_jobs()
    assert Mention.objects.count() == 3
    first = Mention.objects.get(external_id="ab")
    assert (first.text, first.url, len(first.author)) == ("xy", "", 300)
    assert storable({"a": [float("inf"), True, None]}) == {"a": [None, True, None]}


def test_one_item_that_cannot_be_stored_does_not_stop_the_others(source_of: SourceOf) -> None:
    source = source_of("csv")
    with transaction.atomic():
        failed = store_items(
            source, [Item(external_id="1", text="x", rating=77_777), Item(external_id="2", text="y")], now=LATER
        )
    assert failed == 1
    assert Mention.objects.get().external_id == "2"


def test_a_paused_source_is_not_asked(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    source = source_of("google_business", server)
    services.pause_source(actor=SYSTEM, source_id=source.pk, paused=True)
    assert fetch(source) == "not due"
    assert source.pk not in fetching.due_sources()
    services.fetch_now(actor=SYSTEM, source_id=source.pk)
    assert ProcrastinateJob.objects.filter(task_name="intake.fetch_review_source").count() == 1
    assert fetching.due_sources() == [source.pk]


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"threshold": 6},
        {"every_minutes": 0},
        {"kind": "friendster"},
        {"values": {"location": "accounts/1/locations/2/../../3"}},
        {"values": {"client_secret": "GOCSPX-the-secret-itself"}},
        {"values": {"client_secret": "env:AMENDS_SECRET_KEY"}},
        {"values": {"client_secret": "file:../../etc/passwd"}},
        {"values": {"client_secret": "file:/etc/passwd"}},
        {"values": {"client_secret": ""}},
    ],
)
def test_a_source_that_cannot_work_or_reads_others_secrets_is_refused(
    source_of: SourceOf, changes: dict[str, Any]
) -> None:
    kind = changes.pop("kind", "google_business")
    with pytest.raises((BadInput, KeyError)):
        source_of(kind, **changes)


def test_only_who_changes_settings_adds_sources_and_only_for_their_units(
    house: House, source_of: SourceOf, lena: Any, charlie: Any
) -> None:
    new = NewSource(name="x", kind="csv", unit_id=house.london.pk, values={})
    for one in (lena, charlie):
        with pytest.raises(NotAllowed):
            add_source(actor=actor(one), new=new)
    source_of("csv", name="Twice")
    with pytest.raises(Conflict):
        source_of("csv", name="Twice")


def test_a_kept_review_can_be_made_a_case_but_not_by_an_outsider(source_of: SourceOf, lena: Any, charlie: Any) -> None:
    source = source_of("csv")
    with transaction.atomic():
        store_items(source, [Item(external_id="1", text="It was all right", rating=4)], now=LATER)
    run_jobs()
    mention = Mention.objects.get()
    with pytest.raises(NotFound):
        make_case(actor=actor(charlie), mention_id=mention.pk)
    assert make_case(actor=actor(lena), mention_id=mention.pk).complaint is not None
    make_case(actor=actor(lena), mention_id=mention.pk)
    assert Complaint.objects.count() == 1


def test_the_app_store_and_a_feed_are_read_into_complaints(serve: Serve, source_of: SourceOf) -> None:
    apps, feed = serve(AppStoreServer), serve(FeedServer)
    apps.add(1, 1, "Crashes at every start")
    feed.put(
        "/feed",
        '{"items": [{"id": "1", "content_text": "Terrible service, I want a refund", "date_published": "2026-03-10T09:00:00Z"}]}',
    )
    with clock.frozen_at(LATER):
        for source in (source_of("app_store", apps), source_of("feed", feed)):
            assert fetch(source) == "done"
    assert sorted(Complaint.objects.values_list("text", flat=True)) == [
        "Crashes at every start",
        "Terrible service, I want a refund",
    ]
