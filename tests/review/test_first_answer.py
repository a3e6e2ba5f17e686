"""The time to the first answer is that of the messages, for whoever may see the cases, and quick whatever their number."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from amends.accounts.public import SYSTEM, Unit, User
from amends.cases.public import Complaint, mark_bounced, mark_sent, queue_message, record_assessment, reply
from amends.core import clock
from amends.review.first_answer import FirstAnswers, Waits, first_answers
from amends.review.waits_plot import HEIGHT, plot
from amends.review.web.first_answer import duration, finding, share
from amends.triage.public import decide_lane
from tests.people import House, actor, new_complaint

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def received(unit: Unit, at: datetime = MONDAY, *, language: str = "en", **values: Any) -> Complaint:
    with clock.frozen_at(at):
        complaint = new_complaint(unit, received_at=at, **values)
        record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"language": language}, points=[])
    return complaint


def answered(complaint: Complaint, after: timedelta, *, by: User | None = None) -> int:
    at = complaint.received_at + after
    with clock.frozen_at(at):
        if by is None:
            message = queue_message(
                actor=SYSTEM, complaint_id=complaint.pk, kind="acknowledgement", subject="s", text="t", automatic=True
            )
        else:
            message = reply(actor=actor(by), complaint_id=complaint.pk, text="Good morning.")
        assert message is not None
        mark_sent(message_id=message.pk, at=at)
    return message.pk


def figures(who: User, *, days: int = 7, now: datetime = MONDAY + timedelta(days=1)) -> FirstAnswers:
    return first_answers(actor(who), days=days, zone="Europe/London", now=now)


def test_median_p95_and_share_are_those_of_the_first_message_that_left(house: House, lena: User) -> None:
    for minutes in (1, 2, 3, 4, 60):
        complaint = received(house.london)
        answered(complaint, minutes * MINUTE)
        answered(complaint, minutes * MINUTE + timedelta(hours=5), by=lena)
    received(house.london)
    found = figures(lena).all
    assert (found.received, found.answered, found.open) == (6, 5, 1)
    assert found.median == pytest.approx(180)
    assert found.p95 == pytest.approx(240 + 0.8 * (3600 - 240))
    assert (found.within_goal, found.counted) == (4, 6)


def test_a_customer_who_waits_since_less_than_five_minutes_counts_neither_way(house: House, lena: User) -> None:
    answered(received(house.london), MINUTE)
    received(house.london, MONDAY + 3 * MINUTE)
    early = figures(lena, now=MONDAY + 5 * MINUTE).all
    assert (early.within_goal, early.counted, early.share) == (1, 1, 1.0)
    late = figures(lena, now=MONDAY + 9 * MINUTE).all
    assert (late.within_goal, late.counted, late.share) == (1, 2, 0.5)


def test_the_figures_are_told_apart_by_channel_unit_language_day_and_author(
    house: House, dora: User, alice: User
) -> None:
    answered(received(house.london, channel="web"), MINUTE)
    answered(received(house.london, channel="email"), 20 * MINUTE, by=alice)
    answered(received(house.berlin, MONDAY + timedelta(hours=14), language="de", channel="web"), 3 * MINUTE)
    found = figures(dora)
    assert {one.key: one.median for one in found.channels} == {"web": 120.0, "email": 1200.0}
    assert {one.key: one.received for one in found.units} == {"London shop": 2, "Laden Berlin": 1}
    assert {one.key: one.median for one in found.languages} == {"en": 630.0, "de": 180.0}
    assert {one.key: one.received for one in found.days} == {date(2026, 3, 2): 2, date(2026, 3, 3): 1}
    assert {one.key: (one.answered, one.median) for one in found.by} == {"template": (2, 120.0), "person": (1, 1200.0)}


def test_what_came_back_is_no_answer(house: House, lena: User) -> None:
    complaint = received(house.london)
    mark_bounced(message_id=answered(complaint, MINUTE), hard=True, reason="no such user")
    assert figures(lena).all.answered == 0


def test_what_is_no_complaint_and_what_is_older_does_not_count(house: House, lena: User) -> None:
    newsletter = received(house.london)
    decide_lane(actor=actor(lena), complaint_id=newsletter.pk, lane="other")
    answered(received(house.london, MONDAY - timedelta(days=8)), MINUTE)
    found = figures(lena)
    assert found.all.received == 0
    assert found.all.median is None
    assert [one.reference for one in found.waiting] == []
    assert figures(lena, days=30).all.received == 1


def test_those_who_wait_now_are_listed_the_longest_first(house: House, lena: User) -> None:
    second = received(house.london, MONDAY + MINUTE)
    first = received(house.london, MONDAY)
    answered(received(house.london), MINUTE)
    found = figures(lena)
    assert [one.reference for one in found.waiting] == [first.reference, second.reference]
    assert found.waiting_count == 2


def test_an_outsider_sees_nothing_of_other_units(house: House, lena: User, charlie: User) -> None:
    answered(received(house.london), MINUTE)
    received(house.london)
    found = figures(charlie)
    assert (found.all.received, found.waiting_count, list(found.units)) == (0, 0, [])


def test_the_number_of_queries_does_not_grow(house: House, dora: User) -> None:
    who = actor(dora)

    def queries() -> int:
        with CaptureQueriesContext(connection) as asked:
            first_answers(who, days=30, zone="Europe/London", now=MONDAY + timedelta(days=1))
        return len(asked)

    answered(received(house.london), MINUTE)
    few = queries()
    for number in range(6):
        answered(received(house.berlin, MONDAY + number * MINUTE, channel="web"), MINUTE)
        received(house.london, MONDAY + number * MINUTE)
    assert queries() == few == 4


def test_the_page_says_the_finding_in_its_head_and_the_same_as_a_table(
    client: Client, house: House, lena: User
) -> None:
    with clock.frozen_at(MONDAY + timedelta(hours=2)):
        client.force_login(lena)
        empty = client.get("/figures/first-answer/").content.decode()
        assert "No first answer in this period" in empty
        for minutes in (1, 3, 90):
            answered(received(house.london, MONDAY - timedelta(days=1)), minutes * MINUTE)
        waiting = received(house.london)
        page = client.get("/figures/first-answer/?days=7").content.decode()
    assert "Half of all first answers leave within 3 min; 50 % have one within five minutes" in page
    assert "The same as a table" in page
    assert "London shop" in page
    assert str(waiting.reference) in page
    assert "1 customer waits for a first answer now" in page
    assert page.count("<circle") == 2  # the key and one day


def test_the_page_is_in_german_for_whoever_reads_german(client: Client, house: House, lena: User) -> None:
    with clock.frozen_at(MONDAY + timedelta(hours=2)):
        client.force_login(lena)
        answered(received(house.london), MINUTE)
        page = client.get("/figures/first-answer/", headers={"Accept-Language": "de"}).content.decode()
    assert "Die Hälfte aller ersten Antworten geht binnen 1 min hinaus" in page
    assert "Englisch" in page


def test_an_agent_without_the_right_is_sent_away(client: Client, house: House, alice: User) -> None:
    client.force_login(alice)
    status = client.get("/figures/first-answer/").status_code
    assert status == (200 if actor(alice).can("review.view") else 403)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0.4, "0.4 s"), (12, "12 s"), (60, "1 min"), (90, "1.5 min"), (3600, "1 h"), (90000, "25 h"), (259200, "3 days")],
)
def test_a_duration_is_said_in_the_unit_people_would_use(seconds: float, words: str) -> None:
    with translation.override("en"):
        assert duration(seconds) == words


def test_nearly_all_is_never_called_all() -> None:
    with translation.override("en"):
        assert share(9999 / 10000) == "99.9 %"
        assert share(1.0) == "100 %"
        assert share(None) == "–"
        assert finding(Waits("", 3, 0, None, None, 0, 0)) == "No first answer in this period"


def test_the_plot_keeps_every_point_inside_and_the_slow_above_the_quick() -> None:
    first, last = date(2026, 3, 1), date(2026, 3, 31)
    drawn = plot([(first, 2, 40), (last, 0.2, 400000)], goal=300, first=first, last=last)
    assert [one.x for one in drawn.points] == ["0.00%", "100.00%"]
    for one in drawn.points:
        assert 0 <= one.p95_y < one.median_y <= HEIGHT
    assert drawn.points[1].p95_y < drawn.goal_y < drawn.points[0].p95_y
    assert len(drawn.labels) <= 7
