"""The page of a desk: leads and administrators see who takes what, and change it, each change with who and why."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from tests.people import House, actor, new_complaint, person

from amends.accounts.public import SYSTEM, Role, User
from amends.audit.public import records_of
from amends.cases.public import Complaint, record_assessment, set_team, take
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.routing.desk import set_desk, set_worker
from amends.routing.leaving import seen
from amends.routing.models import DeskChange, TeamDesk, Worker
from amends.routing.public import note_staff_concerned
from amends.routing.seats import desk_of


def waiting(house: House, **values: Any) -> Complaint:
    one = new_complaint(house.london)
    record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en", "severity": 2, **values})
    return set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.care.pk)


def form(user: User, **values: Any) -> dict[str, Any]:
    given = {"capacity": "24", "severity_up_to": "4", "reason": "She works part-time now.", **values}
    return {f"person-{user.pk}-{name}": value for name, value in given.items()}


def address(user: User, team: str = "care") -> str:
    return f"/desk/{team}/people/{user.pk}/"


def test_a_lead_sees_the_people_of_the_team_with_load_and_who_is_next(
    client: Client, house: House, alice: User, lena: User
) -> None:
    take(actor=actor(alice), complaint_id=waiting(house, severity=3).pk)
    seen(user_id=alice.pk)
    client.force_login(lena)
    assert client.get("/desk/").headers["Location"] == "/desk/care/"
    page = client.get("/desk/care/").text
    assert "Alice Example" in page
    assert "3 of 24" in page
    assert "Next in line: Alice Example." in page
    assert 'data-command="Go to the desk: who takes which case"' in page


def test_what_nobody_can_do_is_said_with_its_reason(client: Client, house: House, alice: User, lena: User) -> None:
    one = waiting(house, severity=4)
    for user in (alice, lena):
        set_worker(actor=SYSTEM, user_id=user.pk, severity_up_to=2)
    client.force_login(lena)
    page = client.get("/desk/care/").text
    assert "1 waiting case that nobody here can do" in page
    assert str(one.reference) in page
    assert "what nobody matches: its severity" in page
    assert page.count("can do none of the waiting cases: its severity") == 2
    set_worker(actor=SYSTEM, user_id=alice.pk, severity_up_to=4)
    page = client.get("/desk/care/").text
    assert "nobody here can do" not in page
    assert page.count("can do none of the waiting cases") == 1


def test_a_case_that_is_closed_to_the_reader_is_not_named(
    client: Client, house: House, alice: User, lena: User
) -> None:
    one = waiting(house, severity=4)
    note_staff_concerned(actor=SYSTEM, complaint_id=one.pk, user_ids=[lena.pk])
    for user in (alice, lena):
        set_worker(actor=SYSTEM, user_id=user.pk, severity_up_to=2)
    client.force_login(lena)
    page = client.get("/desk/care/").text
    assert str(one.reference) not in page
    assert "a guarded case" in page


def test_a_change_is_saved_in_place_and_says_who_and_why(client: Client, house: House, alice: User, lena: User) -> None:
    client.force_login(lena)
    htmx = {"HX-Request": "true"}
    row = client.get(address(alice), headers=htmx).text
    assert row.strip().startswith(f'<tr id="seat-{alice.pk}"')
    given = form(
        alice, capacity="12", severity_up_to="3", languages=["de", "en"], skills="Payments, legal",
        product_lines=["Speakers"], mon="9-13", timezone="Europe/Berlin",
    )  # fmt: skip
    answer = client.post(address(alice), given, headers=htmx)
    assert answer.status_code == 200
    assert "toast" in answer.headers["HX-Trigger"]
    assert "She works part-time now." in answer.text
    worker = Worker.objects.get(user=alice)
    assert (worker.capacity, worker.severity_up_to, worker.skills) == (12, 3, ["legal", "payments"])
    assert (worker.product_lines, worker.hours) == (["Speakers"], {"mon": [["09:00", "13:00"]]})
    assert User.objects.get(pk=alice.pk).languages == ["de", "en"]
    change = DeskChange.objects.get()
    assert (change.by_id, change.user_id, change.reason) == (lena.pk, alice.pk, "She works part-time now.")
    assert {"field": "capacity", "before": 24, "after": 12} in change.changes
    assert "Capacity: 24 → 12" in answer.text
    last = records_of("routing_desks")[-1]
    assert (last.kind, last.actor_id) == ("worker_changed", lena.pk)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("reason", "", "Say why"),
        ("reason", "\x00", "Null characters"),
        ("capacity", "3", "Capacity is 0"),
        ("capacity", "-1", "greater than or equal"),
        ("capacity", "9" * 400, "less than or equal"),
        ("capacity", "many", "whole number"),
        ("severity_up_to", "5", "not one of the available choices"),
        ("tue", "17-9", "Tuesday: 17:00 is not before 09:00"),
        ("timezone", "Mars/Olympus", "not one of the available choices"),
        ("other_languages", "deutsch", "two letters"),
        ("product_lines", "Rockets", "not one of the available choices"),
    ],
)
def test_mistakes_are_said_in_words_and_nothing_is_saved(
    client: Client, house: House, alice: User, lena: User, field: str, value: str, said: str
) -> None:
    client.force_login(lena)
    answer = client.post(
        address(alice), form(alice, **{"capacity": "12", field: value}), headers={"HX-Request": "true"}
    )
    assert answer.status_code == 422
    assert said in answer.text
    assert answer.headers["HX-Retarget"] == f"#seat-{alice.pk}"
    assert not DeskChange.objects.exists()
    assert not Worker.objects.filter(user=alice, capacity=12).exists()


def test_without_scripts_the_form_is_a_page_and_leads_back(
    client: Client, house: House, alice: User, lena: User
) -> None:
    client.force_login(lena)
    assert "<h1>Alice Example</h1>" in client.get(address(alice)).text
    answer = client.post(address(alice), form(alice, capacity="8"), follow=True)
    assert "Saved: what Alice Example can take on." in answer.text


def test_saving_nothing_new_records_nothing(client: Client, house: House, alice: User, lena: User) -> None:
    client.force_login(lena)
    assert client.post(address(alice), form(alice)).status_code == 302
    assert not DeskChange.objects.exists()


def test_a_lead_changes_how_the_team_works(client: Client, house: House, lena: User) -> None:
    client.force_login(lena)
    wrong = client.post("/desk/care/", {"team-assigns": "free", "team-wed": "x", "team-reason": "Faster."})
    assert wrong.status_code == 422
    assert "Wednesday: write the hours such as" in wrong.text
    done = client.post("/desk/care/", {"team-assigns": "free", "team-mon": "8-18", "team-reason": "Faster."})
    assert done.status_code == 302
    desk = TeamDesk.objects.get(team=house.care)
    assert (desk.assigns, desk.hours) == ("free", {"mon": [["08:00", "18:00"]]})
    page = client.get("/desk/care/").text
    assert "Cases go: by hand → to whoever is free" in page
    assert "Faster." in page


def test_a_lead_sends_somebody_off_shift_with_what_goes_back(
    client: Client, house: House, alice: User, lena: User
) -> None:
    one = waiting(house)
    take(actor=actor(alice), complaint_id=one.pk)
    client.force_login(lena)
    assert "1 case goes back to Customer care." in client.get(address(alice)).text
    answer = client.post(f"{address(alice)}presence/", {"word": "off"}, follow=True)
    assert "1 case went back to its team." in answer.text
    assert "off shift until" in answer.text
    assert Complaint.objects.get(pk=one.pk).owner_id is None
    refused = client.post(f"{address(alice)}presence/", {"word": "off", "until": "1999-01-01T00:00"})
    assert refused.status_code == 422
    assert "within the next 92 days" in refused.text


def test_a_lead_arranges_only_their_own_people(
    client: Client, house: House, alice: User, lena: User, charlie: User, bob: User
) -> None:
    client.force_login(lena)
    assert client.get("/desk/care-de/").status_code == 404
    assert client.get(address(charlie, "care-de")).status_code == 404
    assert client.post(address(charlie, "care"), form(charlie)).status_code == 404
    assert client.post(f"{address(charlie, 'care')}presence/", {"word": "off"}).status_code == 404
    assert client.get(f"/desk/care/people/{2**70}/").status_code == 404
    with pytest.raises(NotFound):
        set_worker(actor=actor(lena), user_id=charlie.pk, capacity=8, reason="x")
    with pytest.raises(NotFound):
        set_desk(actor=actor(lena), team_id=house.berlin_team.pk, assigns="free", reason="x")
    with pytest.raises(BadInput):
        set_worker(actor=actor(lena), user_id=alice.pk, capacity=8)
    with pytest.raises(NotAllowed):
        set_desk(actor=actor(bob), team_id=house.specialists.pk, assigns="free", reason="x")


@pytest.mark.parametrize("path", ["/desk/", "/desk/care/", "/desk/care/people/1/"])
def test_agents_and_outsiders_find_no_desk(client: Client, house: House, alice: User, charlie: User, path: str) -> None:
    for user in (alice, charlie):
        client.force_login(user)
        assert client.get(path).status_code == 404


def test_a_lead_without_a_team_is_told_so(client: Client, house: House) -> None:
    lone = person("Lone", [(house.berlin, Role.LEAD)])
    house.berlin_team.unit = house.london
    house.berlin_team.save()
    client.force_login(lone)
    assert "You arrange the work of no team" in client.get("/desk/").text


def test_many_people_and_cases_take_no_more_queries(house: House, ada: User, alice: User) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk_of(actor=actor(ada), team=house.care, now=clock.now())
        return len(captured)

    waiting(house, severity=4)
    few = asked()
    for number in range(6):
        person(f"Pat{number}", [(house.london, Role.AGENT)], [house.care])
        waiting(house, severity=4)
    assert asked() <= few <= 20


def test_the_page_speaks_german(client: Client, house: House, alice: User, lena: User) -> None:
    waiting(house, severity=4)
    for user in (alice, lena):
        set_worker(actor=SYSTEM, user_id=user.pk, severity_up_to=2)
    client.force_login(lena)
    page = client.get("/desk/care/?lang=de").text
    for words in ("Wer was übernimmt: Customer care", "den hier niemand übernehmen kann", "Schwere bis", "jederzeit"):
        assert words in page
    with translation.override("de"):
        assert "Montag" in client.get(f"{address(alice)}?lang=de").text
    assert re.search(r"Severity up to", page) is None


def test_nobody_overwrites_what_they_did_not_see(
    client: Client, house: House, alice: User, lena: User, ada: User
) -> None:
    client.force_login(lena)
    found = re.search(rf'name="person-{alice.pk}-seen" value="([^"]+)"', client.get(address(alice)).text)
    assert found is not None
    set_worker(actor=actor(ada), user_id=alice.pk, capacity=8, reason="She asked for fewer.")
    late = client.post(address(alice), form(alice, severity_up_to="2", seen=found[1]))
    assert late.status_code == 422
    assert "Somebody else has changed this meanwhile" in late.text
    worker = Worker.objects.get(user=alice)
    assert (worker.capacity, worker.severity_up_to) == (8, 4)
    team = re.search(r'name="team-seen" value="([^"]+)"', client.get("/desk/care/").text)
    assert team is not None
    set_desk(actor=actor(ada), team_id=house.care.pk, assigns="free", reason="Try it.")
    given = {"team-assigns": "by_hand", "team-reason": "x", "team-mon": "9-17", "team-seen": team[1]}
    assert client.post("/desk/care/", given).status_code == 422
    assert TeamDesk.objects.get(team=house.care).hours == {}
