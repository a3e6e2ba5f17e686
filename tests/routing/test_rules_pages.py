"""An administrator reads, drafts, tries, activates and rolls back rules on the page and by the API; nobody else may."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import record_assessment
from amends.routing.models import TeamDesk, Worker
from amends.routing.rulesets import active_version, draft, rules_of, save_draft, versions

LONDON = {"rules": [{"when": {"units": ["london"]}, "to": {"team": "specialists"}}]}


@pytest.fixture
def browser(client: Client, ada: User) -> Client:
    """The administrator's browser."""
    client.force_login(ada)
    return client


def seen(browser: Client) -> str:
    return str(browser.get("/routing/").context["seen"])


def change(browser: Client, **values: Any) -> str:
    response = browser.post("/routing/change/", {"seen": seen(browser), **values}, follow=True)
    assert response.status_code == 200
    return response.content.decode()


def add(browser: Client, **values: Any) -> Any:
    return browser.post("/routing/rules/add/", {"seen": seen(browser), "to": "nearest", "skill": "", **values})


def test_from_the_first_rule_to_going_back(browser: Client, house: House) -> None:
    assert "Every complaint goes to the nearest team" in browser.get("/routing/").content.decode()
    assert add(browser, units=["london"], to="team:specialists").status_code == 302
    assert (
        add(browser, categories=["billing"], languages=["de"], to="team:care-de", skill="payments").status_code == 302
    )
    page = browser.get("/routing/").content.decode()
    assert "Complaints about billing in German go to Kundendienst, by somebody who knows payments." in page
    change(browser, action="up", number="2")
    assert rules_of(draft()).rules[0].to.team == "care-de"
    assert active_version() is None
    assert "Version 1 is in force" in change(browser, action="activate", reason="The first rules.")
    change(browser, action="begin")
    change(browser, action="remove", number="1")
    change(browser, action="activate", reason="Without billing.")
    assert "Version 3 is in force" in change(browser, action="roll_back", number="1", reason="Billing again.")
    assert [len(rules_of(one).rules) for one in versions()] == [2, 1, 2]


def test_a_rule_is_shown_in_its_form_and_changed_there(browser: Client, house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON)
    form = browser.get("/routing/rules/1/")
    assert form.context["form"]["units"].value() == ["london"]
    browser.post(
        "/routing/rules/1/",
        {"seen": seen(browser), "severity_from": "3", "words": "court, lawyer", "value_from": "99.5", "safety": "no", "to": "tier:2"},
    )  # fmt: skip
    (rule,) = rules_of(draft()).rules
    assert (rule.when.severity_from, rule.when.words, rule.when.safety, rule.to.tier) == (
        3,
        ("court", "lawyer"),
        False,
        2,
    )
    assert rule.when.value_from == Decimal("99.5")


def test_a_wrong_rule_is_refused_beside_its_field(browser: Client, house: House) -> None:
    empty = add(browser)
    assert empty.status_code == 422
    assert "without a condition" in empty.content.decode()
    for values in ({"units": ["atlantis"]}, {"severity_from": "9"}, {"channels": ["email"], "to": "team:ghost"}):
        assert add(browser, **values).status_code == 422
    assert add(browser, channels=["email"], words="a\x00b").status_code == 422
    assert draft() is None


def test_a_page_from_before_changes_nothing(browser: Client, house: House, ada: User) -> None:
    old = seen(browser)
    save_draft(actor=actor(ada), document=LONDON)
    late = browser.post("/routing/rules/add/", {"seen": old, "to": "nearest", "channels": ["email"]})
    assert late.status_code == 422
    assert "Somebody else has changed the draft" in late.content.decode()
    browser.post("/routing/change/", {"seen": old, "action": "activate", "reason": "Old page."})
    assert active_version() is None
    assert len(rules_of(draft()).rules) == 1


@pytest.mark.parametrize("number", ["0", "2", "99999999999", "x", ""])
def test_odd_numbers_are_not_found(browser: Client, house: House, ada: User, number: str) -> None:
    save_draft(actor=actor(ada), document=LONDON)
    response = browser.post("/routing/change/", {"seen": seen(browser), "action": "remove", "number": number})
    assert response.status_code == 404
    assert browser.get("/routing/rules/7/").status_code == 404


def test_the_page_says_what_the_draft_would_have_moved(browser: Client, house: House, ada: User) -> None:
    for _ in range(3):
        case = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=case.pk, values={"language": "en"})
    save_draft(actor=actor(ada), document=LONDON)
    page = browser.get("/routing/?try=1").content.decode()
    assert "would have moved 3 of 3" in page


@pytest.mark.parametrize(
    "address", ["/routing/simulation/", "/routing/simulation/?days=7", "/routing/simulation/?days=x"]
)
def test_the_simulation_shows_people_and_teams(browser: Client, house: House, alice: User, address: str) -> None:
    new_complaint(house.london)
    page = browser.get(address).content.decode()
    assert alice.name in page
    assert "Customer care" in page


def test_the_pages_speak_german(browser: Client, house: House, ada: User) -> None:
    save_draft(actor=actor(ada), document=LONDON)
    page = browser.get("/routing/?try=1&lang=de").content.decode()
    for words in ("Regeln der Verteilung", "Beschwerden aus London shop und darunter gehen an", "In Kraft setzen"):
        assert words in page
    assert "Kein Fall steckt fest" in browser.get("/stuck/?lang=de").content.decode()
    assert "Die Regeln des Entwurfs" in browser.get("/routing/simulation/?lang=de").content.decode()


def test_only_administrators_see_the_pages(client: Client, house: House, lena: User) -> None:
    client.force_login(lena)
    for path in ("/routing/", "/routing/rules/add/", "/routing/simulation/"):
        assert client.get(path).status_code in (403, 404)
    assert client.post("/routing/change/", {"action": "begin"}).status_code in (403, 404)


def api(client: Client, token: str, method: str, path: str, body: Any = None) -> Any:
    call = getattr(client, method)
    headers = {"Authorization": f"Bearer {token}"}
    if body is None:
        return call(f"/api/v1{path}", headers=headers)
    return call(f"/api/v1{path}", json.dumps(body), content_type="application/json", headers=headers)


def test_rules_go_out_and_in_by_the_api(client: Client, house: House, token: str) -> None:
    assert api(client, token, "get", "/routing-rules").json()["state"] == "built_in"
    assert api(client, token, "get", "/routing-rules/draft").status_code == 404
    sent = api(client, token, "put", "/routing-rules/draft", LONDON).json()
    assert sent["rules"] == LONDON
    assert sent["sentences"][0] == "Complaints of London shop and below go to Technical specialists."
    assert api(client, token, "get", "/routing-rules/draft/trial").json()["moved"] == 0
    assert api(client, token, "get", "/routing-rules/simulation?days=7").json()["cases"] == 0
    assert (
        api(client, token, "post", "/routing-rules/draft/activate", {"reason": "By a program."}).json()["number"] == 1
    )
    out = api(client, token, "get", "/routing-rules").json()["rules"]
    assert api(client, token, "put", "/routing-rules/draft", out).json()["rules"] == LONDON
    assert api(client, token, "delete", "/routing-rules/draft").status_code == 200
    back = api(client, token, "post", "/routing-rules/versions/1/activate", {"reason": "Again."})
    assert (back.json()["number"], len(api(client, token, "get", "/routing-rules/versions").json())) == (2, 2)


def test_the_api_names_the_wrong_rule_and_field(client: Client, house: House, token: str) -> None:
    wrong = {"rules": [LONDON["rules"][0], {"when": {"severity_from": 7}, "to": {"team": "care"}}]}
    refused = api(client, token, "put", "/routing-rules/draft", wrong)
    assert refused.status_code == 422
    assert refused.json()["field"] == "rules.2.when.severity_from"


def test_desks_and_people_are_set_by_the_api(client: Client, house: House, token: str, alice: User) -> None:
    hours = {"mon": [["09:00", "17:00"]]}
    assert api(client, token, "put", "/teams/care/desk", {"assigns": "free", "hours": hours}).status_code == 200
    assert TeamDesk.objects.get(team=house.care).assigns == "free"
    body = {"skills": ["payments"], "capacity": 12}
    assert api(client, token, "put", f"/people/{alice.email}/desk", body).status_code == 200
    worker = Worker.objects.get(user=alice)
    assert (worker.skills, worker.capacity) == (["payments"], 12)
    assert api(client, token, "put", f"/people/{alice.email}/desk", {"capacity": 2}).status_code == 422
    assert api(client, token, "put", "/people/nobody@example.org/desk", {"capacity": 8}).status_code == 404


def test_a_used_page_stamps_that_somebody_is_there(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.post(reverse("presence_beat"))
    assert Worker.objects.get(user=alice).last_seen is not None
