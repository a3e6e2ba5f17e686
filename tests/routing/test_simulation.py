"""The past comes again under a rule set: who would have what, and how long cases would wait."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import example, given, settings
from hypothesis import strategies as some
from tests.people import House, actor, new_complaint
from tests.people import person as member

from amends.accounts.public import SYSTEM, Role, User, on_shift
from amends.cases.public import Complaint
from amends.core.errors import BadInput, NotAllowed
from amends.routing.assigning import Person, Waiting
from amends.routing.desk import set_worker
from amends.routing.replay import replay
from amends.routing.ruleset import BUILT_IN, read_rule_set
from amends.routing.simulation import Arrival, Clerk, simulate

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
UTC_ZONE = ZoneInfo("UTC")
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
ARRIVALS = some.lists(
    some.builds(
        Arrival,
        case=some.builds(
            Waiting,
            id=some.integers(1, 10_000),
            since=some.integers(0, 10_000).map(lambda minutes: START + timedelta(minutes=minutes)),
            severity=some.integers(1, 4),
            language=some.sampled_from(["en", "de"]),
        ),
        team_id=some.integers(1, 2),
        lasts=some.integers(5, 3000).map(lambda minutes: timedelta(minutes=minutes)),
    ),
    max_size=30,
    unique_by=lambda one: one.case.id,
)
CLERKS = some.lists(
    some.builds(
        Clerk,
        person=some.builds(
            Person,
            id=some.integers(1, 5),
            capacity=some.sampled_from([0, 4, 8]),
            load=some.just(0),
            severity_up_to=some.integers(2, 4),
            languages=some.frozensets(some.sampled_from(["en", "de"])),
        ),
        team_ids=some.frozensets(some.integers(1, 2), min_size=1),
        hours=some.sampled_from([{}, OFFICE]),
        zone=some.just(UTC_ZONE),
    ),
    max_size=5,
    unique_by=lambda one: one.person.id,
)


@settings(max_examples=150, deadline=None)
@given(ARRIVALS, CLERKS)
def test_a_simulated_time_keeps_its_promises(arrivals: list[Arrival], clerks: list[Clerk]) -> None:
    """Every case at most once, never above anybody's capacity, only on shift, and the sums agree."""
    outcome = simulate(arrivals, clerks, until=START + timedelta(days=14))
    cases = {one.case.id: one for one in arrivals}
    people = {one.person.id: one for one in clerks}
    assert max(Counter(case for case, *_rest in outcome.given).values(), default=0) <= 1
    for case, person, at in outcome.given:
        assert cases[case].team_id in people[person].team_ids
        assert on_shift(people[person].hours, UTC_ZONE, at)
        held = [
            cases[other].case.severity
            for other, who, since in outcome.given
            if who == person and since <= at < since + cases[other].lasts
        ]
        assert sum(held) <= people[person].person.capacity
    for one in outcome.people:
        assert one.peak <= one.capacity
    for team in outcome.teams:
        assert team.given + team.unable + team.left == team.cases


@settings(max_examples=150, deadline=None)
@given(ARRIVALS)
@example([Arrival(Waiting(number, START, severity=2), 1, timedelta(hours=1)) for number in (2, 1)])
def test_of_equal_cases_the_one_that_waits_longest_is_first(arrivals: list[Arrival]) -> None:
    same = [
        Arrival(Waiting(one.case.id, one.case.since, severity=2), 1, one.lasts) for one in arrivals
    ]  # all ask the same of the same team
    clerks = [Clerk(Person(id=1, capacity=4), frozenset({1}), OFFICE, UTC_ZONE)]
    outcome = simulate(same, clerks, until=START + timedelta(days=60))
    since = {one.case.id: (one.case.since, one.case.id) for one in same}
    assert [since[case] for case, *_rest in outcome.given] == sorted(since[case] for case, *_rest in outcome.given)


def test_the_wait_is_counted_from_the_receipt_to_the_desk() -> None:
    """One person, one case at a time of an hour each, from nine o'clock: the third waits until eleven."""
    arrivals = [Arrival(Waiting(number, START, severity=4), 1, timedelta(hours=1)) for number in (1, 2, 3)]
    clerk = Clerk(Person(id=1, capacity=4), frozenset({1}), OFFICE, UTC_ZONE)
    outcome = simulate(arrivals, [clerk], until=START + timedelta(days=1))
    assert [at.hour for *_rest, at in outcome.given] == [9, 10, 11]
    assert outcome.teams[0].median_wait == 120
    assert (outcome.people[0].cases, outcome.people[0].peak) == (3, 4)


def test_cases_that_nobody_can_do_are_said() -> None:
    arrivals = [Arrival(Waiting(1, START, language="fr"), 1, timedelta(hours=1))]
    clerk = Clerk(Person(id=1, capacity=8, languages=frozenset({"en"})), frozenset({1}), {}, UTC_ZONE)
    (team,) = simulate(arrivals, [clerk], until=START + timedelta(days=1)).teams
    assert (team.given, team.unable, team.left) == (0, 1, 0)


def test_a_draft_shifts_the_load_and_nothing_is_written(house: House, ada: User, alice: User, bob: User) -> None:
    for _ in range(4):
        Complaint.objects.filter(pk=new_complaint(house.london).pk).update(language="en")
    for user in (alice, bob):
        set_worker(actor=SYSTEM, user_id=user.pk, capacity=40)
    before = list(Complaint.objects.order_by("pk").values())
    now_rules = {name: one.cases for name, one in replay(actor=actor(ada), rules=BUILT_IN).people}
    draft = read_rule_set({"rules": [{"when": {"units": ["london"]}, "to": {"team": "specialists"}}]})
    with CaptureQueriesContext(connection) as queries:
        then_rules = {name: one.cases for name, one in replay(actor=actor(ada), rules=draft).people}
    assert (now_rules[alice.name], now_rules[bob.name]) == (4, 0)
    assert (then_rules[alice.name], then_rules[bob.name]) == (0, 4)
    assert list(Complaint.objects.order_by("pk").values()) == before
    assert all(one["sql"].startswith("SELECT") for one in queries)


def test_the_simulation_is_for_administrators_and_for_a_sensible_time(house: House, ada: User, lena: User) -> None:
    with pytest.raises(NotAllowed):
        replay(actor=actor(lena), rules=BUILT_IN)
    with pytest.raises(BadInput):
        replay(actor=actor(ada), rules=BUILT_IN, days=0)


def test_nobody_whose_role_works_on_no_case_gets_one(house: House, ada: User, alice: User) -> None:
    reader = member("Reader", [(house.london, Role.COMPLIANCE)], [house.care])
    new_complaint(house.london)
    people = {name for name, _load in replay(actor=actor(ada), rules=BUILT_IN).people}
    assert alice.name in people
    assert reader.name not in people
