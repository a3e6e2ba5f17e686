"""Who gets which case: the engine by its properties, and the desk with people, hours, absences and races."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as some
from tests.people import House, actor, new_complaint, person

from amends.accounts.public import (
    SYSTEM,
    HoursError,
    Role,
    Team,
    User,
    check_hours,
    next_change,
    on_shift,
)
from amends.audit.public import records_of
from amends.cases.public import Complaint, record_assessment, reply, set_team, take
from amends.cases.public import Person as Complainant
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed
from amends.notifications.public import unread
from amends.routing.assigning import Person, Waiting, can_do, give
from amends.routing.desk import set_desk, set_worker
from amends.routing.giving import assign_waiting
from amends.routing.leaving import give_back_of_absent, say_presence, seen
from amends.routing.models import RoutedCase, Worker
from amends.routing.presence import presence
from amends.routing.public import note_staff_concerned

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
SKILLS = some.sampled_from(["", "payments", "legal"])
CASES = some.lists(
    some.builds(
        Waiting,
        id=some.integers(1, 10_000),
        since=some.integers(0, 5000).map(lambda minutes: START + timedelta(minutes=minutes)),
        severity=some.integers(1, 4),
        language=some.sampled_from(["", "en", "de"]),
        skill=SKILLS,
        last_owner=some.none() | some.integers(1, 6),
        about=some.frozensets(some.integers(1, 6), max_size=2),
    ),
    max_size=40,
    unique_by=lambda one: one.id,
)
PEOPLE = some.lists(
    some.builds(
        Person,
        id=some.integers(1, 6),
        capacity=some.sampled_from([0, 4, 6, 12]),
        load=some.integers(0, 14),
        severity_up_to=some.integers(1, 4),
        languages=some.frozensets(some.sampled_from(["en", "de"])),
        skills=some.frozensets(some.sampled_from(["payments", "legal"])),
    ),
    max_size=6,
    unique_by=lambda one: one.id,
)


@settings(max_examples=300, deadline=None)
@given(CASES, PEOPLE)
def test_every_case_is_given_at_most_once_to_somebody_able_and_within_capacity(
    cases: list[Waiting], people: list[Person]
) -> None:
    out = give(cases, people)
    by_case, by_person = {one.id: one for one in cases}, {one.id: one for one in people}
    assert len({one.case_id for one in out}) == len(out)
    for one in people:
        mine = sum(by_case[got.case_id].severity for got in out if got.person_id == one.id)
        assert mine == 0 or one.load + mine <= one.capacity
    for got in out:
        assert can_do(by_person[got.person_id], by_case[got.case_id])
        assert got.person_id not in by_case[got.case_id].about


@settings(max_examples=300, deadline=None)
@given(CASES, PEOPLE)
def test_the_longest_waiting_comes_first_and_no_case_passes_an_equal_one(
    cases: list[Waiting], people: list[Person]
) -> None:
    out = give(cases, people)
    order = {one.id: (one.since, one.id) for one in cases}
    assert [order[one.case_id] for one in out] == sorted(order[one.case_id] for one in out)
    got = {one.case_id for one in out}
    for left in (one for one in cases if one.id not in got):
        for later in (one for one in cases if one.id in got and order[one.id] > order[left.id]):
            same = (later.severity, later.language, later.skill, later.about) == (
                left.severity, left.language, left.skill, left.about,
            )  # fmt: skip
            assert not same


def test_small_cases_do_not_starve_a_big_one() -> None:
    """One person who is never quite free: whatever small case comes, the place is kept for the big one."""
    load, big_given = 6, False
    for minute in range(10):
        small = Waiting(id=100 + minute, since=START + timedelta(minutes=minute), severity=1)
        cases = [Waiting(id=1, since=START, severity=4), small]
        out = give(cases, [Person(id=1, capacity=8, load=load)])
        assert [one.case_id for one in out if one.case_id != 1] == [] or 1 in [one.case_id for one in out]
        big_given = big_given or any(one.case_id == 1 for one in out)
        load = max(0, load - 1)
    assert big_given


def test_the_owner_whom_the_customer_knows_comes_before_the_least_busy() -> None:
    people = [Person(id=1, capacity=12, load=8), Person(id=2, capacity=12, load=0)]
    knows = give([Waiting(id=9, since=START, last_owner=1)], people)
    assert [(one.person_id, one.known) for one in knows] == [(1, True)]
    full = give([Waiting(id=9, since=START, last_owner=1, severity=4)], [Person(id=1, capacity=8, load=8), people[1]])
    assert [(one.person_id, one.known) for one in full] == [(2, False)]


@pytest.mark.parametrize(
    "lacking",
    [
        Person(id=1, capacity=12, languages=frozenset({"en"})),
        Person(id=1, capacity=12, lines=frozenset({"Lamps"})),
        Person(id=1, capacity=12, regimes=frozenset({"house"})),
        Person(id=1, capacity=12, severity_up_to=2, skills=frozenset({"payments"})),
        Person(id=1, capacity=12),
        Person(id=7, capacity=12, skills=frozenset({"payments"})),
    ],
)
def test_nobody_gets_what_they_cannot_do(lacking: Person) -> None:
    case = Waiting(
        id=1, since=START, severity=3, language="de", line="Speakers", regimes=frozenset({"uk-fca-disp"}),
        skill="payments", about=frozenset({7}),
    )  # fmt: skip
    assert give([case], [lacking]) == []
    able = Person(
        id=2, capacity=12, languages=frozenset({"de"}), lines=frozenset({"Speakers"}),
        regimes=frozenset({"uk-fca-disp"}), skills=frozenset({"payments"}), severity_up_to=3,
    )  # fmt: skip
    assert [one.person_id for one in give([case], [lacking, able])] == [2]


OFFICE = {day: [["09:00", "12:00"], ["13:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("utc", "here"),
    [
        ("2026-03-02T08:00", True),  # Monday 09:00 in Berlin, winter
        ("2026-03-02T07:59", False),
        ("2026-03-02T11:30", False),  # lunch
        ("2026-03-30T07:00", True),  # the Monday after the change to summer time
        ("2026-03-30T15:00", False),
        ("2026-03-07T10:00", False),  # Saturday
    ],
)
def test_hours_are_local_and_know_summer_time(utc: str, here: bool) -> None:
    now = datetime.fromisoformat(utc).replace(tzinfo=UTC)
    assert on_shift(OFFICE, BERLIN, now) is here
    after = next_change(OFFICE, BERLIN, now)
    assert after is not None
    assert after > now
    assert on_shift(OFFICE, BERLIN, after) is not on_shift(OFFICE, BERLIN, after - timedelta(minutes=1))


@pytest.mark.parametrize(
    "wrong",
    [
        [],
        {"monday": []},
        {"mon": [["9", "17"]]},
        {"mon": [["17:00", "09:00"]]},
        {"mon": [["09:00", "12:00"], ["11:00", "13:00"]]},
        {"mon": "09:00"},
        {"mon": [["09:00", 12]]},
    ],
)
def test_wrong_hours_are_refused(wrong: object) -> None:
    with pytest.raises(HoursError):
        check_hours(wrong)


def test_presence_is_what_one_says_then_hours_then_pages() -> None:
    noon = datetime(2026, 3, 2, 10, tzinfo=UTC)

    def asked(says: str = "", until: datetime | None = None, last: datetime | None = noon, now: datetime = noon) -> str:
        return presence(says=says, says_until=until, last_seen=last, hours=OFFICE, zone=BERLIN, now=now)

    assert asked() == "here"
    assert asked(last=noon - timedelta(minutes=16)) == "away"
    assert asked(last=None) == "away"
    assert asked(now=noon + timedelta(hours=9)) == "off"
    assert asked(says="off", until=noon + timedelta(hours=1)) == "off"
    assert asked(says="away", until=noon + timedelta(hours=1)) == "away"
    evening, late = noon + timedelta(hours=9), noon + timedelta(hours=12)
    assert asked(says="here", until=late, now=evening, last=evening - timedelta(minutes=59)) == "here"
    assert asked(says="off", until=noon - timedelta(hours=1)) == "here"


@pytest.fixture
def desk_of_care(house: House) -> Team:
    """The London team gives out by itself."""
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free")
    return house.care


def here(user: User, **values: object) -> None:
    set_worker(actor=SYSTEM, user_id=user.pk, **values)
    seen(user_id=user.pk)


def waiting(house: House, number: int, severity: int = 2) -> list[Complaint]:
    found = []
    for each in range(number):
        who = Complainant(name=f"Customer {each}", email=f"c{each}@example.org", language="en")
        one = new_complaint(house.london, complainant=who)
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en", "severity": severity})
        found.append(one)
    return found


def owner_of(one: Complaint) -> int | None:
    one.refresh_from_db()
    return one.owner_id


def test_a_team_that_gives_out_by_hand_gives_out_nothing_by_itself(house: House, alice: User) -> None:
    (case,) = waiting(house, 1)
    here(alice)
    assert assign_waiting(team_id=house.care.pk) == []
    assert owner_of(case) is None


def test_whoever_is_free_gets_the_case_and_is_told(desk_of_care: Team, house: House, alice: User, lena: User) -> None:
    (case,) = waiting(house, 1)
    here(alice)
    set_worker(actor=SYSTEM, user_id=lena.pk)  # never seen: away
    assign_waiting(team_id=desk_of_care.pk)
    assert owner_of(case) == alice.pk
    assert "given" in [one.kind for one in unread(alice.pk)]
    assert "given_out" in [one.kind for one in records_of(f"complaint:{case.pk}")]


def test_capacity_counts_what_is_owned_already(desk_of_care: Team, house: House, alice: User) -> None:
    cases = waiting(house, 4, severity=3)
    take(actor=actor(alice), complaint_id=cases[0].pk)
    here(alice, capacity=8)
    assign_waiting(team_id=desk_of_care.pk)
    assert [owner_of(one) for one in cases] == [alice.pk, alice.pk, None, None]


def test_nobody_gets_a_case_about_themselves(desk_of_care: Team, house: House, alice: User, lena: User) -> None:
    (case,) = waiting(house, 1)
    note_staff_concerned(actor=SYSTEM, complaint_id=case.pk, user_ids=[alice.pk])
    here(alice)
    assign_waiting(team_id=desk_of_care.pk)
    assert owner_of(case) is None
    here(lena)
    assign_waiting(team_id=desk_of_care.pk)
    assert owner_of(case) == lena.pk


def test_the_same_customer_comes_back_to_the_same_person(
    desk_of_care: Team, house: House, alice: User, lena: User
) -> None:
    first, second = new_complaint(house.london), new_complaint(house.london, subject="The lamp now")
    for one in (first, second):
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en"})
    take(actor=actor(alice), complaint_id=first.pk)
    here(alice)
    here(lena)
    assign_waiting(team_id=desk_of_care.pk)
    assert owner_of(second) == alice.pk


def test_a_skill_that_the_rule_asks_for_is_needed(desk_of_care: Team, house: House, alice: User, lena: User) -> None:
    (case,) = waiting(house, 1)
    RoutedCase.objects.filter(complaint=case).update(skill="payments")
    here(alice)
    here(lena, skills=["payments"])
    assign_waiting(team_id=desk_of_care.pk)
    assert owner_of(case) == lena.pk


def test_off_shift_gives_back_what_nobody_answered_and_keeps_the_rest(
    desk_of_care: Team, house: House, alice: User
) -> None:
    unanswered, answered = waiting(house, 2)
    for one in (unanswered, answered):
        take(actor=actor(alice), complaint_id=one.pk)
    reply(actor=actor(alice), complaint_id=answered.pk, text="We send a new one today.")
    assert say_presence(actor=actor(alice), word="off") == 1
    assert (owner_of(unanswered), owner_of(answered)) == (None, alice.pk)
    assert unanswered.team == house.care
    assert "given_back" in [one.kind for one in records_of(f"complaint:{unanswered.pk}")]


def test_the_end_of_the_hours_gives_back_by_itself(desk_of_care: Team, house: House, alice: User) -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with clock.frozen_at(noon):
        (case,) = waiting(house, 1)
        here(alice, hours={"mon": [["09:00", "17:00"]]}, timezone="Europe/London")
        assign_waiting(team_id=desk_of_care.pk)
        assert owner_of(case) == alice.pk
        assert give_back_of_absent() == 0
    assert give_back_of_absent(now=noon + timedelta(hours=4, minutes=59)) == 0
    assert give_back_of_absent(now=noon + timedelta(hours=5)) == 1
    assert owner_of(case) is None


def test_somebody_is_stamped_as_seen_at_most_once_a_minute(alice: User) -> None:
    now = clock.now()
    assert [seen(user_id=alice.pk, now=now + timedelta(seconds=after)) for after in (0, 30, 59, 61)] == [
        True, False, False, True,
    ]  # fmt: skip
    assert Worker.objects.get(user=alice).last_seen == now + timedelta(seconds=61)


def test_wrong_settings_of_people_and_desks_are_refused(house: House, alice: User) -> None:
    for values in ({"capacity": 3}, {"severity_up_to": 5}, {"hours": {"x": []}}, {"timezone": "Mars"}, {"mood": 1}):
        with pytest.raises(BadInput):
            set_worker(actor=SYSTEM, user_id=alice.pk, **values)
    with pytest.raises(BadInput):
        set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="by magic")
    with pytest.raises(BadInput):
        say_presence(actor=actor(alice), word="gone")
    with pytest.raises(NotAllowed):
        set_worker(actor=actor(alice), user_id=alice.pk, capacity=4)


@pytest.mark.django_db(transaction=True)
def test_many_workers_at_once_give_each_case_one_owner_and_nobody_too_much(house: House) -> None:
    people = [person(f"Pat{one}", [(house.london, Role.AGENT)], [house.care, house.specialists]) for one in range(3)]
    for team in (house.care, house.specialists):
        set_desk(actor=SYSTEM, team_id=team.pk, assigns="free")
    for one in people:
        here(one, capacity=6)
    cases = waiting(house, 14)
    for one in cases[7:]:
        set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.specialists.pk)
    failed: list[Exception] = []

    def work(team_id: int) -> None:
        try:
            assign_waiting(team_id=team_id)
        except Exception as error:  # noqa: BLE001  # shown by the assertion
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(team.pk,)) for team in (house.care, house.specialists) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    owned = list(Complaint.objects.filter(owner__isnull=False).values_list("owner_id", flat=True))
    assert len(owned) == 9
    assert {owned.count(one.pk) for one in people} == {3}
    for one in cases:
        kinds = [row.kind for row in records_of(f"complaint:{one.pk}")]
        assert kinds.count("given_out") == (1 if owner_of(one) else 0)
