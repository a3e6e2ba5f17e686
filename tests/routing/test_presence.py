"""Here, away, off shift: said by the person, by a lead or by a program; and what happens to the cases of who leaves."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as some
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, TeamMember, User, change_unit
from amends.audit.public import records_of
from amends.cases.public import Complaint, Message, record_assessment, reply, set_team, take
from amends.clocks.public import add_closure
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.routing.attendance import attendances
from amends.routing.desk import set_desk, set_worker
from amends.routing.giving import assign_waiting
from amends.routing.leaving import give_back_of_absent, leaving, say_presence, seen
from amends.routing.models import Worker
from amends.routing.presence import presence, usual_end

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
OFFICE = {day: [["09:00", "17:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}
LONDON = ZoneInfo("Europe/London")


def owned(house: House, user: User, number: int = 1) -> list[Complaint]:
    found = []
    for _ in range(number):
        one = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en"})
        set_team(actor=SYSTEM, complaint_id=one.pk, team_id=house.care.pk)
        found.append(take(actor=actor(user), complaint_id=one.pk))
    return found


def word(user: User, now: datetime | None = None) -> str:
    return attendances([user.pk], now or clock.now())[user.pk].word


def owner_of(one: Complaint) -> int | None:
    return Complaint.objects.values_list("owner_id", flat=True).get(pk=one.pk)


@given(
    some.sampled_from(["", "here", "away", "off"]),
    some.integers(-2000, 2000),
    some.none() | some.integers(0, 2000),
    some.sampled_from([{}, OFFICE]),
    some.booleans(),
)
def test_nobody_who_was_not_seen_for_an_hour_counts_as_here(
    says: str, until: int, unseen: int | None, hours: dict[str, Any], closed: bool
) -> None:
    found = presence(
        says=says, says_until=NOON + timedelta(minutes=until) if says else None,
        last_seen=None if unseen is None else NOON - timedelta(minutes=unseen),
        hours=hours, zone=LONDON, now=NOON, closed=closed,
    )  # fmt: skip
    assert found in ("here", "away", "off")
    if found == "here":
        assert unseen is not None
        assert unseen <= 60
    if says == "off" and until > 0:
        assert found == "off"


def test_what_was_said_ends_by_itself() -> None:
    def at(now: datetime, says: str, seen_before: timedelta = timedelta(0)) -> str:
        until = usual_end(says, hours=OFFICE, zone=LONDON, now=NOON)
        return presence(
            says=says, says_until=until, last_seen=now - seen_before, hours=OFFICE, zone=LONDON, now=now
        )  # fmt: skip

    assert [at(NOON + timedelta(minutes=minutes), "away") for minutes in (0, 59, 60)] == ["away", "away", "here"]
    tomorrow = datetime(2026, 3, 3, 9, tzinfo=UTC)
    assert [at(moment, "off") for moment in (tomorrow - timedelta(minutes=1), tomorrow)] == ["off", "here"]
    evening = NOON + timedelta(hours=8)
    assert at(evening, "here") == "here"
    assert at(evening, "here", timedelta(minutes=61)) == "off"


def test_the_hours_of_the_unit_hold_for_who_has_none_of_their_own(house: House, alice: User) -> None:
    change_unit(actor=SYSTEM, unit=house.root, hours=OFFICE)
    with clock.frozen_at(NOON):
        seen(user_id=alice.pk)
    summer_evening = datetime(2026, 7, 6, 16, 30, tzinfo=UTC)  # half past five in London, which inherits its zone
    seen(user_id=alice.pk, now=summer_evening)
    assert word(alice, NOON) == "here"
    found = attendances([alice.pk], summer_evening)[alice.pk]
    assert (found.word, found.schedule.source, found.schedule.zone.key) == ("off", "unit", "Europe/London")
    assert found.until == datetime(2026, 7, 7, 8, tzinfo=UTC)
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="by_hand", hours={"mon": [["09:00", "18:00"]]})
    assert attendances([alice.pk], summer_evening)[alice.pk].schedule.source == "team"
    set_worker(actor=SYSTEM, user_id=alice.pk, hours={"mon": [["09:00", "10:00"]]}, timezone="Europe/Berlin")
    assert attendances([alice.pk], summer_evening)[alice.pk].schedule.source == "person"


def test_a_closed_day_is_off_shift_and_gives_nothing_out(house: House, alice: User) -> None:
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free")
    add_closure(actor=SYSTEM, unit_key="northlight", first=date(2026, 3, 2), last=date(2026, 3, 2), name="Stocktaking")
    with clock.frozen_at(NOON):
        one = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en"})
        seen(user_id=alice.pk)
        found = attendances([alice.pk], NOON)[alice.pk]
        assert (found.word, found.schedule.closed) == ("off", "Stocktaking")
        assert assign_waiting(team_id=house.care.pk) == []
        say_presence(actor=actor(alice), word="here")
        assert [given.case_id for given in assign_waiting(team_id=house.care.pk)] == [one.pk]
    seen(user_id=alice.pk, now=NOON + timedelta(days=1))
    assert word(alice, NOON + timedelta(days=1)) == "here"


def test_the_preview_says_what_goes_back_and_what_stays_and_is_right(house: House, alice: User) -> None:
    unanswered = owned(house, alice, 3)
    (answered,) = owned(house, alice)
    reply(actor=actor(alice), complaint_id=answered.pk, text="We send a new one today.")
    (nobodys,) = owned(house, alice)
    Complaint.objects.filter(pk=nobodys.pk).update(team=None)
    found = leaving(user_id=alice.pk)
    assert found.back == (("Customer care", 3),)
    state = Message.objects.get(complaint=answered, automatic=False, direction="out").state
    why = "answer_on_its_way" if state in ("queued", "sending") else "waits_for_customer"
    assert dict(found.stays) == {why: (answered.reference,), "no_team": (nobodys.reference,)}
    assert say_presence(actor=actor(alice), word="off") == 3
    assert [owner_of(one) for one in unanswered] == [None] * 3
    assert {owner_of(answered), owner_of(nobodys)} == {alice.pk}
    assert leaving(user_id=alice.pk).back == ()


def test_who_said_off_shift_gives_back_also_what_is_written_later(house: House, alice: User) -> None:
    """Whatever way the team gives out its cases: a customer who writes during the holiday is not left alone."""
    with clock.frozen_at(NOON):
        say_presence(actor=actor(alice), word="off", until=NOON + timedelta(days=14))
        (one,) = owned(house, alice)
    assert give_back_of_absent(now=NOON + timedelta(days=15)) == 0
    assert give_back_of_absent(now=NOON + timedelta(days=1)) == 1
    assert owner_of(one) is None


def test_two_teams_with_other_hours_are_off_only_together(house: House, alice: User) -> None:
    TeamMember.objects.create(team=house.specialists, user=alice)
    set_desk(actor=SYSTEM, team_id=house.care.pk, assigns="free", hours={"mon": [["08:00", "11:00"]]})
    set_desk(actor=SYSTEM, team_id=house.specialists.pk, assigns="free", hours={"mon": [["08:00", "20:00"]]})
    with clock.frozen_at(NOON):
        (one,) = owned(house, alice)
        seen(user_id=alice.pk)
    assert give_back_of_absent(now=NOON) == 0
    assert give_back_of_absent(now=NOON + timedelta(hours=9)) == 1
    assert owner_of(one) is None


@pytest.mark.parametrize(
    ("said", "until"),
    [
        ("gone", None),
        ("off\x00", None),
        ("off", timedelta(0)),
        ("off", timedelta(days=-1)),
        ("off", timedelta(days=93)),
    ],
)
def test_words_and_times_that_make_no_sense_are_refused(alice: User, said: str, until: timedelta | None) -> None:
    with pytest.raises(BadInput):
        say_presence(actor=actor(alice), word=said, until=NOON + until if until is not None else None, now=NOON)


def test_a_lead_says_it_for_their_people_and_nobody_else_does(
    house: House, alice: User, lena: User, bob: User, charlie: User
) -> None:
    (one,) = owned(house, alice)
    assert say_presence(actor=actor(lena), word="off", user_id=alice.pk) == 1
    said = [row for row in records_of(f"user:{alice.pk}") if row.kind == "presence_said"]
    assert [(row.actor_id, row.data["gave_back"]) for row in said] == [(lena.pk, 1)]
    assert owner_of(one) is None
    for who, about, refusal in ((bob, alice, NotAllowed), (charlie, alice, NotAllowed), (lena, charlie, NotFound)):
        with pytest.raises(refusal):
            say_presence(actor=actor(who), word="away", user_id=about.pk)
    with pytest.raises(BadInput):
        say_presence(actor=SYSTEM, word="off")


def test_the_page_shows_the_preview_and_does_what_it_says(client: Client, house: House, alice: User) -> None:
    owned(house, alice, 2)
    client.force_login(alice)
    page = client.get("/presence/").text
    assert "2 cases go back to Customer care." in page
    done = client.post("/presence/", {"word": "off"}, follow=True).text
    assert "2 cases went back to their team." in done
    assert "off shift until" in done
    assert word(alice) == "off"
    client.post("/presence/", {"word": ""})
    assert word(alice) == "here"


@pytest.mark.parametrize(
    "until", ["tomorrow", "2020-01-01T09:00", "9999-12-31T23:59", "0001-01-01T00:00", "\x00", "x" * 9999]
)
def test_a_wrong_time_is_said_in_words_and_changes_nothing(
    client: Client, house: House, alice: User, until: str
) -> None:
    (one,) = owned(house, alice)
    client.force_login(alice)
    answer = client.post("/presence/", {"word": "off", "until": until})
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert owner_of(one) == alice.pk


def test_a_time_is_read_on_the_wall_of_the_persons_zone(client: Client, house: House, alice: User) -> None:
    set_worker(actor=SYSTEM, user_id=alice.pk, timezone="America/New_York")
    client.force_login(alice)
    with clock.frozen_at(NOON):
        client.post("/presence/", {"word": "off", "until": "2026-03-04T09:00"})
    assert Worker.objects.get(user=alice).says_until == datetime(2026, 3, 4, 14, tzinfo=UTC)


def test_the_page_never_leads_to_another_site(client: Client, alice: User) -> None:
    client.force_login(alice)
    for wrong in ("https://example.org/", "//example.org", "javascript:alert(1)"):
        assert client.post("/presence/", {"word": "here", "next": wrong}).headers["Location"] == "/presence/"
    assert client.post("/presence/", {"word": "here", "next": "/queue/team/"}).headers["Location"] == "/queue/team/"


def test_only_a_used_page_stamps_that_somebody_is_there(client: Client, alice: User) -> None:
    client.force_login(alice)
    client.get(reverse("workspace:alert_count"))
    assert not Worker.objects.filter(user=alice).exclude(last_seen=None).exists()
    assert "here" in client.post("/presence/beat/").text
    assert Worker.objects.get(user=alice).last_seen is not None
    assert client.get("/presence/beat/").status_code == 405


def test_the_menu_and_the_case_say_how_somebody_stands(client: Client, house: House, alice: User, lena: User) -> None:
    (one,) = owned(house, alice)
    say_presence(actor=actor(alice), word="away")
    client.force_login(lena)
    assert "away until" in client.get(f"/cases/{one.reference}/").text
    client.force_login(alice)
    assert "Away for an hour" in client.get("/presence/menu/").text
    assert "abwesend bis" in client.get("/presence/menu/?lang=de").text
    assert (
        "gehen zurück an" in client.get("/presence/?lang=de").text or "geht zurück an" in client.get("/presence/").text
    )


def test_nobody_signed_out_says_anything(client: Client, house: House) -> None:
    assert client.get("/presence/").status_code == 302
    assert client.post("/presence/beat/").status_code == 302
    assert client.put("/api/v1/me/presence", "{}", content_type="application/json").status_code == 401


def session(client: Client) -> dict[str, str]:
    client.get("/presence/")
    return {"X-CSRFToken": client.cookies["csrftoken"].value}


def test_presence_of_oneself_goes_through_the_api_with_the_session(house: House, alice: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(alice)
    owned(house, alice, 2)
    body = json.dumps({"presence": "off"})
    assert client.put("/api/v1/me/presence", body, content_type="application/json").status_code == 403
    assert client.get("/api/v1/me/presence", headers=session(client)).json()["would_give_back"] == 2
    answer = client.put("/api/v1/me/presence", body, content_type="application/json", headers=session(client)).json()
    assert (answer["presence"], answer["said"], answer["gave_back"], answer["would_give_back"]) == ("off", True, 2, 0)


def test_programs_say_the_presence_of_a_person_by_address(
    client: Client, house: House, alice: User, token: str
) -> None:
    headers = {"Authorization": f"Bearer {token}"}
    path = f"/api/v1/people/{alice.email}/presence"

    def put(body: dict[str, Any], where: str = path) -> Any:
        return client.put(where, json.dumps(body), content_type="application/json", headers=headers)

    until = clock.now() + timedelta(days=3)
    assert put({"presence": "off", "until": until.isoformat()}).json()["presence"] == "off"
    assert client.get(path, headers=headers).json()["said"] is True
    assert put({"presence": "gone"}).status_code == 422
    assert put({"presence": "off", "until": "2026-03-02T09:00:00"}).status_code == 422  # no offset
    assert put({"presence": "off"}, "/api/v1/people/nobody@example.org/presence").status_code == 404
    assert put({"presence": "off"}, "/api/v1/me/presence").status_code == 401  # a program is nobody
    assert settings.SESSION_COOKIE_NAME not in client.cookies


def test_many_people_take_no_more_queries(
    house: House, alice: User, bob: User, lena: User, django_assert_num_queries: Any
) -> None:
    with django_assert_num_queries(0):
        assert attendances([], NOON) == {}
    with django_assert_num_queries(4):
        attendances([alice.pk], NOON)
    with django_assert_num_queries(4):
        assert set(attendances([alice.pk, bob.pk, lena.pk], NOON)) == {alice.pk, bob.pk, lena.pk}
