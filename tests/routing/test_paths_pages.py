"""The way up of each unit: read as a sentence, changed with a reason; circles and dead ends are refused."""

from __future__ import annotations

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as some
from tests.people import House, actor, person

from amends.accounts.public import Role, Team, User
from amends.core.errors import BadInput
from amends.routing.models import DeskChange, PathStep
from amends.routing.path_rules import CIRCLE, Step, circle, problems_of
from amends.routing.paths import path_for, set_path


@pytest.fixture
def board(house: House) -> Team:
    """The third tier, with Olga in it."""
    team = Team.objects.create(key="board", name="Head office", unit=house.root, tier=3)
    person("Olga", [(house.root, Role.SPECIALIST)], [team])
    return team


STEPS = some.lists(
    some.builds(
        Step, tier=some.integers(2, 5), team_id=some.integers(1, 4), name=some.just("x"), team_tier=some.integers(1, 5),
        people=some.integers(0, 2),
    ),
    max_size=4,
    unique_by=lambda one: one.tier,
)  # fmt: skip


@given(STEPS)
def test_a_path_without_problems_reaches_the_top_from_every_step(steps: list[Step]) -> None:
    steps = [Step(one.tier, one.team_id, one.name, {1: 1, 2: 2, 3: 3, 4: 5}[one.team_id], one.people) for one in steps]
    if problems_of(steps):
        return
    assert all(one.people for one in steps)
    for start in steps:
        now, met = start, {start.team_id}
        while above := [one for one in steps if one.tier > now.team_tier and one.team_id != now.team_id]:
            now = min(above, key=lambda one: one.tier)
            assert now.team_id not in met
            met.add(now.team_id)


def test_two_teams_of_the_front_line_above_each_other_are_a_circle() -> None:
    steps = [Step(2, 1, "Care", 1, 3), Step(3, 2, "Kundendienst", 1, 3)]
    assert [one.name for one in circle(steps)] == ["Care", "Kundendienst", "Care"]
    assert [one.kind for one in problems_of(steps)] == [CIRCLE]
    assert circle([Step(2, 1, "Care", 1, 3), Step(3, 2, "Board", 3, 3)]) == []


def test_circles_and_dead_ends_are_refused_with_their_reason(
    house: House, ada: User, bob: User, alice: User, charlie: User, board: Team
) -> None:
    empty = Team.objects.create(key="empty", name="Empty team", unit=house.root, tier=2)
    reads = Team.objects.create(key="reads", name="Readers", unit=house.root, tier=4)
    person("Reader", [(house.root, Role.COMPLIANCE)], [reads])
    refused = {
        "again on tier 3": {2: house.specialists.pk, 3: house.specialists.pk},
        "round in a circle: Customer care → Kundendienst → Customer care": {2: house.care.pk, 3: house.berlin_team.pk},
        "Tier 3 is never reached: Head office": {2: board.pk, 3: house.specialists.pk},
        "Empty team on tier 2 has nobody": {2: empty.pk},
        "Readers on tier 4 has nobody who works on cases": {4: reads.pk},
    }
    for said, teams in refused.items():
        with pytest.raises(BadInput, match=said):
            set_path(actor=actor(ada), unit_id=house.root.pk, teams=teams, reason="Try it.")
    assert not PathStep.objects.exists()


def test_a_change_above_that_would_break_the_way_of_a_unit_below_is_refused(
    house: House, ada: User, bob: User, board: Team
) -> None:
    set_path(actor=actor(ada), unit_id=house.london.pk, teams={3: board.pk}, reason="London asks the board.")
    with pytest.raises(BadInput, match="London shop: Head office stands on tier 2 and again on tier 3"):
        set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: board.pk}, reason="All do.")
    assert path_for(house.root) == {}


def test_what_was_wrong_below_before_does_not_stop_a_change_above(house: House, ada: User, bob: User) -> None:
    empty = Team.objects.create(key="empty", name="Empty team", unit=house.root, tier=5)
    PathStep.objects.create(unit=house.london, tier=5, team=empty)
    set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: house.specialists.pk}, reason="All ask the experts.")
    assert path_for(house.london) == {2: house.specialists, 5: empty}


def test_a_person_says_why_and_nothing_new_is_recorded_once(house: House, ada: User, bob: User) -> None:
    with pytest.raises(BadInput) as refused:
        set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: house.specialists.pk})
    assert refused.value.field == "reason"
    for _ in range(2):
        set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: house.specialists.pk}, reason="They know.")
    change = DeskChange.objects.get()
    assert (change.unit_id, change.by_id, change.reason) == (house.root.pk, ada.pk, "They know.")
    assert change.changes == [{"field": "path", "before": [], "after": ["2: Technical specialists"]}]


def test_an_administrator_reads_the_ways_as_sentences_and_changes_one(
    client: Client, house: House, ada: User, bob: User, board: Team
) -> None:
    client.force_login(ada)
    page = client.get("/routing/paths/").text
    assert "Each team hands a case to the team that it names itself." in page
    given = {"tier_2": house.specialists.pk, "tier_3": board.pk, "reason": "From the handbook."}
    assert client.post("/routing/paths/northlight/", given).status_code == 302
    page = client.get("/routing/paths/").text
    said = "A case goes up to Technical specialists (tier 2), then to Head office (tier 3); above that, the people in charge"
    assert page.count(said) == 3
    assert page.count("All of it comes from above.") == 2
    assert "From the handbook." in page
    assert "as above: Technical specialists" in client.get("/routing/paths/london/").text
    wrong = client.post("/routing/paths/london/", {"tier_2": board.pk, "reason": "Shorter."})
    assert wrong.status_code == 422
    assert "Head office stands on tier 2 and again on tier 3" in wrong.text


def test_a_way_that_leads_nowhere_already_is_shown(client: Client, house: House, ada: User) -> None:
    Team.objects.filter(pk=house.care.pk).update(escalates_to=None)
    PathStep.objects.create(unit=house.berlin, tier=2, team=house.specialists)
    client.force_login(ada)
    page = client.get("/routing/paths/").text
    assert "Technical specialists on tier 2 has nobody who works on cases" in page
    assert "their unit has no way up: Customer care." in page.replace("\n", " ")


@pytest.mark.parametrize("values", [{"tier_2": "x"}, {"tier_2": "9" * 30}, {"tier_2": "\x00"}, {"reason": "x" * 3000}])
def test_odd_input_is_refused_in_words(client: Client, house: House, ada: User, values: dict[str, str]) -> None:
    client.force_login(ada)
    assert client.post("/routing/paths/london/", {"reason": "Why not.", **values}).status_code == 422
    assert client.get("/routing/paths/nowhere/").status_code == 404


def test_only_administrators_see_and_change_the_ways(client: Client, house: House, lena: User, charlie: User) -> None:
    for user in (lena, charlie):
        client.force_login(user)
        assert client.get("/routing/paths/").status_code == 404
        assert client.post("/routing/paths/london/", {"reason": "x"}).status_code == 404


def test_the_pages_speak_german(client: Client, house: House, ada: User, bob: User) -> None:
    set_path(actor=actor(ada), unit_id=house.root.pk, teams={2: house.specialists.pk}, reason="They know.")
    client.force_login(ada)
    page = client.get("/routing/paths/?lang=de").text
    assert (
        "Ein Fall geht nach oben an Technical specialists (Stufe 2); darüber erfahren es die Verantwortlichen." in page
    )
    assert "wie oben: Technical specialists" in client.get("/routing/paths/london/?lang=de").text
