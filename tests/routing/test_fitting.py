"""Who could take which waiting case, and what is missing where nobody can."""

from __future__ import annotations

from hypothesis import given
from tests.routing.test_assigning import CASES, PEOPLE, START

from amends.routing.assigning import Person, Waiting, can_do, give
from amends.routing.fitting import in_line, lacks, undoable, why_none


@given(CASES, PEOPLE)
def test_nothing_is_lacking_exactly_where_the_desk_would_give_the_case(
    cases: list[Waiting], people: list[Person]
) -> None:
    for case in cases:
        for one in people:
            assert (not lacks(one, case)) == (can_do(one, case) and one.capacity >= case.severity)


@given(CASES, PEOPLE)
def test_what_nobody_can_do_is_never_given_out_even_to_idle_people(cases: list[Waiting], people: list[Person]) -> None:
    idle = [
        Person(one.id, one.capacity, 0, one.severity_up_to, one.languages, one.lines, one.regimes, one.skills)
        for one in people
    ]
    stuck = {one.case.id for one in undoable(cases, people)}
    given_out = {one.case_id for one in give(cases, idle)}
    assert not stuck & given_out
    for one in people:
        could = any(not lacks(one, case) for case in cases)
        assert could == (not why_none(one, cases)) or not cases


def test_a_case_says_what_each_of_the_team_lacks() -> None:
    english = Person(id=1, capacity=12, languages=frozenset({"en"}), severity_up_to=2)
    german = Person(id=2, capacity=12, languages=frozenset({"de"}), severity_up_to=2)
    grave = Waiting(id=1, since=START, severity=4, language="de")
    (only,) = undoable([grave], [english, german])
    assert only.missing == ("severity",)
    payments = Waiting(id=2, since=START, severity=1, language="de", skill="payments")
    skilled = Person(id=3, capacity=12, languages=frozenset({"en"}), skills=frozenset({"payments"}))
    (apart,) = undoable([payments], [german, skilled])
    assert apart.missing == ("together",)
    assert [one.missing for one in undoable([grave], [])] == [()]
    assert why_none(german, [grave, payments]) == {"severity", "skill"}


def test_the_line_is_the_order_in_which_equal_cases_are_given() -> None:
    people = [Person(1, 12, 8), Person(2, 12, 0), Person(3, 4, 4), Person(4, 0, 0)]
    assert in_line(people) == [2, 1]
    first = give([Waiting(id=9, since=START, severity=1)], people)
    assert [one.person_id for one in first] == [2]
