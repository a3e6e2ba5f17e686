"""A person says that a duty was done outside of Amends; what Amends notices by itself nobody ends by hand."""

from __future__ import annotations

import ast
import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import translation
from tests.clocks.test_running_clocks import RECEIVED, at_london, clock_of, send, use_packs
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.audit.public import records_of, verify
from amends.cases.public import Complaint, Message, move
from amends.clocks import handlers, services
from amends.clocks.library import packs
from amends.clocks.models import Clock
from amends.clocks.public import State
from amends.clocks.sentences import STOP_WORDS
from amends.clocks.stops import HAPPEN_HERE, by_hand
from amends.core import clock
from amends.core.clock import now
from amends.core.errors import AmendsError, BadInput, Conflict, NotFound, Refused

DONE = RECEIVED + timedelta(days=2)
LATER = RECEIVED + timedelta(days=3)
HOW = "Alice posted it by recorded letter."


def signposting(house: House, received: datetime = RECEIVED) -> Complaint:
    """A complaint about a telephone: the customer has to be told of the ombudsman within six weeks."""
    use_packs(house.london, "uk-ofcom")
    return at_london(house, received=received)


def press(user: User, complaint: Complaint, kind: str = "signpost", **values: Any) -> Clock:
    one = clock_of(complaint, kind)
    given = {"how": HOW, "at": DONE, **values}
    with clock.frozen_at(LATER):
        return services.done(actor=actor(user), complaint_id=complaint.pk, clock_id=one.pk, **given)


def test_a_duty_done_in_time_is_kept_with_who_and_how(house: House, alice: User) -> None:
    complaint = signposting(house)
    one = press(alice, complaint)
    assert (one.stopped_at, one.stopped_by, one.breached_at) == (DONE, "signposted", None)
    assert one.state(LATER) is State.MET
    note = Message.objects.get(complaint=complaint, kind="note")
    assert note.text == f"Tell of the ombudsman: {HOW}"
    assert note.author == alice
    (row,) = [row for row in records_of(f"complaint:{complaint.pk}") if row.kind == "clock_done"]
    assert (row.actor_name, row.data["event"], row.data["note"]) == (alice.name, "signposted", note.pk)
    assert HOW not in json.dumps(row.data)
    complaint.refresh_from_db()
    assert complaint.next_due_at is None
    assert verify().problems == []


def test_without_a_time_it_was_done_now(house: House, alice: User) -> None:
    assert press(alice, signposting(house), at=None).stopped_at == LATER


def test_the_second_report_says_when_it_was_done_and_who_noted_it(house: House, alice: User, lena: User) -> None:
    complaint = signposting(house)
    press(alice, complaint)
    with pytest.raises(Conflict, match=r"Alice Example noted already .* 4 Mar 2026, 10:00"):
        press(lena, complaint)
    assert Message.objects.filter(complaint=complaint, kind="note").count() == 1
    assert clock_of(complaint, "signpost").stopped_at == DONE


def test_what_ended_with_the_case_says_so(house: House, alice: User) -> None:
    complaint = signposting(house)
    with clock.frozen_at(DONE):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="withdraw", reason="They changed their mind.")
    with pytest.raises(Conflict, match="ended already, on 4 Mar 2026, 10:00: withdrawal"):
        press(alice, complaint)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"how": " \x00 "}, "who did it"),
        ({"at": LATER + timedelta(minutes=1)}, "still to come"),
        ({"at": RECEIVED - timedelta(minutes=1)}, "began on 2 Mar 2026, 10:00"),
        ({"at": datetime(1, 1, 1, tzinfo=UTC)}, "began on"),
        ({"at": datetime(2026, 3, 3)}, "offset"),  # noqa: DTZ001  # that is the mistake
        ({"event": "refunded"}, "Choose one of: signposted"),
    ],
)
def test_what_cannot_be_is_refused_and_changes_nothing(
    house: House, alice: User, values: dict[str, Any], said: str
) -> None:
    complaint = signposting(house)
    with pytest.raises(BadInput, match=said):
        press(alice, complaint, **values)
    assert clock_of(complaint, "signpost").stopped_at is None
    assert not Message.objects.filter(complaint=complaint, kind="note").exists()


def test_the_minute_in_which_the_clock_began_is_its_beginning(house: House, alice: User) -> None:
    began = RECEIVED + timedelta(seconds=30)
    assert press(alice, signposting(house, began), at=RECEIVED).stopped_at == began


def test_done_too_late_is_a_broken_deadline(house: House, alice: User) -> None:
    complaint = signposting(house)
    one = clock_of(complaint, "signpost")
    with clock.frozen_at(one.due_at + timedelta(days=2)):
        services.done(
            actor=actor(alice),
            complaint_id=complaint.pk,
            clock_id=one.pk,
            how=HOW,
            at=one.due_at + timedelta(days=1),
        )
    one.refresh_from_db()
    assert one.state(now()) is State.BREACHED
    kinds = [row.kind for row in records_of(f"complaint:{complaint.pk}")]
    assert (kinds.count("clock_breached"), kinds.count("clock_done")) == (1, 1)


def test_what_looked_overdue_and_had_been_done_in_time_was_kept(house: House, alice: User) -> None:
    complaint = signposting(house)
    one = clock_of(complaint, "signpost")
    with clock.frozen_at(one.due_at + timedelta(days=1)):
        services.sweep()
        services.done(actor=actor(alice), complaint_id=complaint.pk, clock_id=one.pk, how=HOW, at=one.due_at)
    one.refresh_from_db()
    assert (one.state(now()), one.breached_at) == (State.MET, None)


def test_what_amends_notices_itself_is_not_ended_by_hand(house: House, alice: User) -> None:
    complaint = at_london(house)
    with pytest.raises(Refused, match=r"ends by itself, with: acknowledgement, .*closing"):
        press(alice, complaint, "acknowledge")
    assert clock_of(complaint, "acknowledge").stopped_at is None


def test_one_report_ends_every_clock_of_the_part_that_waits_for_it(house: House, alice: User) -> None:
    use_packs(house.london, "uk-fca-payment", "eu-psd2")
    complaint = at_london(house)
    with clock.frozen_at(RECEIVED + timedelta(days=1)):
        services.state_fact(
            actor=actor(alice), complaint_id=complaint.pk, name="extension", value=True, reason="The other bank."
        )
    press(alice, complaint, "holding")
    holding = Clock.objects.filter(complaint=complaint, kind="holding")
    assert sorted(holding.values_list("pack", "stopped_by")) == [
        ("eu-psd2", "holding_sent"),
        ("uk-fca-payment", "holding_sent"),
    ]
    assert not Clock.objects.filter(complaint=complaint, kind="final_response", stopped_by="holding_sent").exists()


def test_a_letter_about_one_part_says_nothing_about_the_other(house: House, alice: User) -> None:
    complaint = signposting(house)
    one = clock_of(complaint, "signpost")
    other = Clock.objects.get(pk=one.pk)
    other.pk, other.part = None, "other"
    other.save(force_insert=True)
    with clock.frozen_at(LATER):
        services.done(actor=actor(alice), complaint_id=complaint.pk, clock_id=one.pk, how=HOW)
    other.refresh_from_db()
    assert other.stopped_at is None


def test_a_decision_not_to_report_is_told_from_a_report(house: House, alice: User) -> None:
    use_packs(house.london, "us-fda")
    complaint = at_london(house)
    assert press(alice, complaint, "mdr_report", event="not_reportable").stopped_by == "not_reportable"


def test_a_case_of_somebody_else_and_a_clock_of_another_case_are_not_there(
    house: House, alice: User, charlie: User
) -> None:
    complaint, other = signposting(house), new_complaint(house.london, text="Another thing", key="other", source="test")
    with pytest.raises(NotFound):
        press(charlie, complaint)
    for wrong in (clock_of(complaint, "signpost").pk, 10**30):
        with pytest.raises(NotFound):
            services.done(actor=actor(alice), complaint_id=other.pk, clock_id=wrong, how=HOW)
    assert clock_of(complaint, "signpost").stopped_at is None


def test_who_only_reads_cannot_report(house: House, conny: User) -> None:
    complaint = signposting(house)
    with pytest.raises(AmendsError) as refused:
        press(conny, complaint)
    assert refused.value.status == 403


@pytest.mark.django_db(transaction=True)
def test_two_who_report_at_once_are_one_report(house: House, alice: User, lena: User) -> None:
    complaint = signposting(house, now() - timedelta(days=1))
    clock_id = clock_of(complaint, "signpost").pk
    start = threading.Barrier(2)
    ended: list[str] = []

    def report(user: User) -> None:
        try:
            who = actor(user)
            start.wait(timeout=10)
            services.done(actor=who, complaint_id=complaint.pk, clock_id=clock_id, how=HOW)
            ended.append("done")
        except AmendsError as error:
            ended.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=report, args=(user,)) for user in (alice, lena)]
    for one in threads:
        one.start()
    for one in threads:
        one.join(timeout=30)
    assert sorted(ended) == ["Conflict", "done"]
    assert [row.kind for row in records_of(f"complaint:{complaint.pk}")].count("clock_done") == 1


def test_the_panel_takes_the_report_in_the_time_of_the_case(
    client: Client, house: House, alice: User, charlie: User
) -> None:
    began = datetime(2026, 7, 1, 10, tzinfo=UTC)
    complaint = signposting(house, began)
    one = clock_of(complaint, "signpost")
    path = f"/cases/{complaint.reference}/clocks/{one.pk}/done/"
    form = {"how": HOW, "at": "2026-07-02T09:30"}
    htmx = {"HX-Request": "true"}
    client.force_login(charlie)
    assert client.post(path, form).status_code == 404
    client.force_login(alice)
    with clock.frozen_at(began + timedelta(days=3)):
        before = client.get(f"/cases/{complaint.reference}/panels/clocks/", headers=htmx).content.decode()
        assert "Note that it was done" in before
        assert 'min="2026-07-01T11:00"' in before
        assert "In the time of Europe/London." in before
        for wrong in ({"how": ""}, {"at": "tomorrow"}, {"at": "2027-01-01T00:00"}, {"at": "0001-01-01T00:00"}):
            assert client.post(path, form | wrong, headers=htmx).status_code == 422
        page = client.post(path, form, headers=htmx)
        assert page.status_code == 200
        assert "Kept" in page.content.decode()
        assert "Note that it was done" not in page.content.decode()
        again = client.post(path, form, headers=htmx)
        timeline = client.get(f"/cases/{complaint.reference}/").content.decode()
    assert again.status_code == 409
    one.refresh_from_db()
    assert one.stopped_at == datetime(2026, 7, 2, 8, 30, tzinfo=UTC)
    assert "It was noted that a duty with a deadline was done" in timeline
    assert HOW in timeline


def test_who_only_reads_gets_no_button_and_germans_get_german(
    client: Client, house: House, conny: User, alice: User
) -> None:
    complaint = signposting(house, now() - timedelta(days=1))
    client.force_login(conny)
    path = f"/cases/{complaint.reference}/panels/clocks/"
    assert "done/" not in client.get(path, headers={"HX-Request": "true"}).content.decode()
    with translation.override("de"), pytest.raises(BadInput, match="liegt noch in der Zukunft"):
        press(alice, complaint, at=LATER + timedelta(days=1))


def test_a_program_reports_with_a_token_that_may_work(client: Client, house: House, token: str) -> None:
    complaint = signposting(house, now() - timedelta(days=1))
    one = clock_of(complaint, "signpost")
    bearer = {"Authorization": f"Bearer {token}"}

    def post(body: dict[str, Any], number: int = one.pk) -> Any:
        path = f"/api/v1/complaints/{complaint.reference}/clocks/{number}/done"
        return client.post(path, json.dumps(body), "application/json", headers=bearer)

    shown = client.get(f"/api/v1/complaints/{complaint.reference}", headers=bearer).json()["clocks"]
    assert [(row["id"], row["by_hand"]) for row in shown] == [(one.pk, ["signposted"])]
    assert post({"how": ""}).status_code == 422
    assert post({"how": HOW, "at": "2026-03-02T09:30:00"}).status_code == 422
    assert post({"how": HOW}, 10**30).status_code == 404
    answer = post({"how": HOW})
    assert answer.status_code == 200
    assert [(row["state"], row["stopped_by"]) for row in answer.json()] == [("met", "signposted")]
    assert post({"how": HOW}).status_code == 409


def test_the_final_answer_of_the_second_stage_ends_its_clock(house: House) -> None:
    use_packs(house.london, "uk-housing")
    complaint = at_london(house)
    for action, days in (("acknowledge", 1), ("resolve", 2), ("reopen", 3)):
        with clock.frozen_at(RECEIVED + timedelta(days=days)):
            outcome = {"outcome": "not_upheld"} if action == "resolve" else {}
            move(actor=SYSTEM, complaint_id=complaint.pk, action=action, reason="As they wrote.", **outcome)
    send(complaint, "message", RECEIVED + timedelta(days=4))
    assert clock_of(complaint, "stage2_response").stopped_at is None
    send(complaint, "final_response", RECEIVED + timedelta(days=5))
    assert clock_of(complaint, "stage2_response").stopped_by == "stage2_response_sent"


def test_every_event_that_ends_a_clock_happens_here_or_can_be_reported_in_words() -> None:
    tree = ast.parse(Path(handlers.__file__).read_text())
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == "services.stop"
    ]
    named = {
        ast.literal_eval(keyword.value)
        for call in calls
        for keyword in call.keywords
        if keyword.arg == "event" and isinstance(keyword.value, ast.Constant)
    }
    assert named | {str(phase) for phase in handlers.STOPPING_PHASES} == HAPPEN_HERE
    reported = {event for pack in packs().values() for rule in pack.clocks for event in by_hand(rule.stops)}
    assert {"holding_sent", "signposted", "reported", "refunded", "io_escalated"} <= reported
    assert reported <= STOP_WORDS.keys()
