"""The clocks of a complaint start, stop and start again with what happens to it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, Unit
from amends.audit.public import records_of, verify
from amends.cases.public import Complaint, claim_for_sending, mark_sent, move, queue_message, record_assessment
from amends.clocks.models import Clock, Closure
from amends.clocks.public import Start, State, badges_for, clocks_of, recompute, start_for, start_many, stop
from amends.core import clock

RECEIVED = datetime(2026, 3, 2, 10, tzinfo=UTC)


def kinds(complaint: Complaint) -> dict[str, State]:
    return {one.kind: one.state(clock.now()) for one in clocks_of(complaint)}


def clock_of(complaint: Complaint, kind: str) -> Clock:
    return Clock.objects.filter(complaint=complaint, kind=kind).latest("cycle")


def at_london(house: House, *, received: datetime = RECEIVED, **values: object) -> Complaint:
    with clock.frozen_at(received):
        return new_complaint(house.london, **values)


def use_packs(unit: Unit, *keys: str) -> None:
    unit.rule_packs = list(keys)
    unit.save(update_fields=["rule_packs"])


def send(complaint: Complaint, kind: str, at: datetime) -> None:
    """Send the customer a message of that kind, as the mail channel does."""
    with clock.frozen_at(at):
        message = queue_message(
            actor=SYSTEM,
            complaint_id=complaint.pk,
            kind=kind,
            subject="Your complaint",
            text="Our answer.",
            purpose=kind,
            automatic=False,
        )
        assert message is not None
        assert claim_for_sending(message_id=message.pk) is not None
        assert mark_sent(message_id=message.pk, at=at)


def test_a_new_complaint_has_its_clocks_at_once(house: House) -> None:
    complaint = at_london(house)
    with clock.frozen_at(RECEIVED):
        assert kinds(complaint) == {"acknowledge": State.RUNNING, "final_response": State.RUNNING}
    answer = clock_of(complaint, "final_response")
    assert answer.due_at == datetime(2026, 3, 9, 23, 59, 59, tzinfo=UTC)
    assert answer.whys["en"].endswith("calendar GB-ENG, Europe/London; house 2026-01-01")
    assert set(answer.whys) == {"en", "de"}
    assert answer.pack_version == date(2026, 1, 1)


def test_the_shop_in_berlin_has_the_calendar_of_berlin(house: House) -> None:
    received = datetime(2026, 3, 5, 10, tzinfo=UTC)
    with clock.frozen_at(received):
        complaint = new_complaint(house.berlin)
    answer = clock_of(complaint, "final_response")
    assert "calendar DE-BE, Europe/Berlin" in answer.whys["en"]
    assert answer.due_at == datetime(2026, 3, 12, 22, 59, 59, tzinfo=UTC)


def test_the_queue_learns_the_earliest_date_that_is_ours(house: House) -> None:
    use_packs(house.london, "uk-fca-disp")
    complaint = at_london(house)
    complaint.refresh_from_db()
    assert (complaint.next_due_kind, complaint.next_due_at) == (
        "final_response",
        datetime(2026, 4, 27, 22, 59, 59, tzinfo=UTC),
    )


def test_several_packs_run_side_by_side(house: House) -> None:
    use_packs(house.london, "house", "uk-fca-disp")
    complaint = at_london(house)
    assert sorted((one.pack, one.kind) for one in clocks_of(complaint)) == [
        ("house", "acknowledge"),
        ("house", "final_response"),
        ("uk-fca-disp", "final_response"),
        ("uk-fca-disp", "summary_resolution"),
    ]


def test_all_clocks_of_a_complaint_are_one_insert(house: House) -> None:
    use_packs(house.london, "house", "uk-fca-disp")
    with CaptureQueriesContext(
        connection,
    ) as captured:
        new_complaint(house.london)
    assert sum('INSERT INTO "clocks_clock"' in one["sql"] for one in captured.captured_queries) == 1


def test_a_pack_that_is_missing_does_not_lose_the_complaint(house: House, caplog: pytest.LogCaptureFixture) -> None:
    use_packs(house.london, "gone", "house")
    complaint = at_london(house)
    assert set(kinds(complaint)) == {"acknowledge", "final_response"}
    assert "there is no rule pack 'gone'" in caplog.text


def test_a_place_that_nobody_knows_does_not_lose_the_complaint(house: House, caplog: pytest.LogCaptureFixture) -> None:
    house.london.subdivision = "XX"
    house.london.save(update_fields=["subdivision"])
    assert len(kinds(at_london(house))) == 2
    assert "counts in its own place" in caplog.text


def test_a_unit_that_is_closed_for_years_does_not_lose_the_complaint(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    for year in (2025, 2026, 2027, 2028):
        Closure.objects.create(unit=house.london, first=date(year, 1, 1), last=date(year, 12, 31), name="Closed")
    assert len(kinds(at_london(house))) == 2
    assert "no working day within" in caplog.text


@pytest.mark.parametrize("year", [1888, 2999])
def test_a_receipt_outside_of_all_calendars_does_not_lose_the_complaint(
    house: House, caplog: pytest.LogCaptureFixture, year: int
) -> None:
    complaint = new_complaint(house.london, received_at=datetime(year, 1, 1, tzinfo=UTC))
    assert clocks_of(complaint) == []
    assert "cannot be counted" in caplog.text


def test_what_the_customer_writes_cannot_switch_a_clock_off(house: House) -> None:
    complaint = at_london(house, attributes={"event": "closed", "imported": True, "product": "nothing"})
    assert set(kinds(complaint)) == {"acknowledge", "final_response"}


def test_starting_twice_starts_once(house: House) -> None:
    complaint = at_london(house)
    start = Start(complaint_id=complaint.pk, unit_id=complaint.unit_id, at=complaint.received_at)
    start_for(actor=SYSTEM, start=start)
    assert Clock.objects.filter(complaint=complaint).count() == 2


def test_the_acknowledgement_stops_its_clock_in_time(house: House) -> None:
    complaint = at_london(house)
    send(complaint, "acknowledgement", RECEIVED + timedelta(minutes=4))
    acknowledge = clock_of(complaint, "acknowledge")
    assert acknowledge.state(clock.now()) is State.MET
    assert (acknowledge.stopped_by, acknowledge.stopped_at) == ("acknowledged", RECEIVED + timedelta(minutes=4))
    complaint.refresh_from_db()
    assert complaint.next_due_kind == "final_response"


def test_an_acknowledgement_that_comes_late_stays_late(house: House) -> None:
    complaint = at_london(house)
    send(complaint, "acknowledgement", RECEIVED + timedelta(minutes=6))
    assert clock_of(complaint, "acknowledge").state(clock.now()) is State.BREACHED


def test_resolving_stops_the_answer_and_reopening_starts_it_anew(house: House) -> None:
    complaint = at_london(house)
    with clock.frozen_at(RECEIVED + timedelta(days=2)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="resolve", reason="Refund agreed.", outcome="upheld")
    assert clock_of(complaint, "final_response").state(clock.now()) is State.MET
    reopened = datetime(2026, 3, 16, 9, tzinfo=UTC)
    with clock.frozen_at(reopened):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="reopen", reason="The refund did not arrive.")
        assert clock_of(complaint, "final_response").state(clock.now()) is State.RUNNING
    again = clock_of(complaint, "final_response")
    assert (again.cycle, again.started_at, again.due_at.date()) == (2, reopened, date(2026, 3, 23))
    assert again.whys["en"].startswith("5 working days after reopening on Mon 16 Mar 2026")
    complaint.refresh_from_db()
    assert complaint.next_due_at is not None


def test_a_withdrawn_complaint_neither_kept_nor_broke_anything(house: House) -> None:
    complaint = at_london(house)
    with clock.frozen_at(RECEIVED + timedelta(minutes=1)):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="withdraw", reason="The customer found the cable.")
    assert set(kinds(complaint).values()) == {State.STOPPED}
    complaint.refresh_from_db()
    assert (complaint.next_due_at, complaint.next_due_kind) == (None, "")


def test_the_final_answer_begins_the_customers_time_for_the_ombudsman(house: House) -> None:
    use_packs(house.london, "uk-fca-disp")
    complaint = at_london(house)
    send(complaint, "final_response", RECEIVED + timedelta(days=10))
    referral = clock_of(complaint, "ombudsman_referral")
    assert referral.due_at == datetime(2026, 9, 12, 22, 59, 59, tzinfo=UTC)
    with clock.frozen_at(RECEIVED + timedelta(days=11)):
        assert kinds(complaint) == {
            "summary_resolution": State.LAPSED,
            "final_response": State.MET,
            "ombudsman_referral": State.RUNNING,
        }
    complaint.refresh_from_db()
    assert complaint.next_due_at is None


def test_a_second_final_answer_gives_the_customer_the_whole_time_again(house: House) -> None:
    use_packs(house.london, "uk-fca-disp")
    complaint = at_london(house)
    send(complaint, "final_response", RECEIVED + timedelta(days=10))
    send(complaint, "resolution", RECEIVED + timedelta(days=20))
    first, second = Clock.objects.filter(complaint=complaint, kind="ombudsman_referral").order_by("cycle")
    assert (first.stopped_by, first.state(clock.now())) == ("superseded", State.STOPPED)
    assert (second.cycle, second.stopped_at) == (2, None)


def test_reopening_leaves_a_clock_alone_that_still_runs(house: House) -> None:
    complaint = at_london(house)
    start = Start(
        complaint_id=complaint.pk, unit_id=complaint.unit_id, at=RECEIVED + timedelta(days=1), event="reopened"
    )
    assert start_for(actor=SYSTEM, start=start) == []
    assert clock_of(complaint, "final_response").cycle == 1


def test_stopping_twice_stops_once(house: House) -> None:
    complaint = at_london(house)
    assert stop(actor=SYSTEM, complaint_id=complaint.pk, event="closed", at=RECEIVED) == 2
    assert stop(actor=SYSTEM, complaint_id=complaint.pk, event="closed", at=RECEIVED) == 0


def test_an_imported_complaint_waits_for_no_acknowledgement_and_alarms_nobody(house: House) -> None:
    received = clock.now() - timedelta(days=400)
    complaint = new_complaint(house.london, imported=True, received_at=received)
    (answer,) = clocks_of(complaint)
    assert (answer.kind, answer.alarm_at, answer.state(clock.now())) == ("final_response", None, State.BREACHED)


def test_an_import_that_says_when_it_was_answered_was_in_time(house: House) -> None:
    received = clock.now() - timedelta(days=400)
    complaint = new_complaint(house.london, imported=True, received_at=received)
    move(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        action="resolve",
        reason="Closed with explanation.",
        outcome="not_upheld",
        at=received + timedelta(days=1),
    )
    (answer,) = clocks_of(complaint)
    assert (answer.state(clock.now()), answer.breached_at) == (State.MET, None)


def test_many_starts_are_one_insert(house: House) -> None:
    complaints = [at_london(house) for _ in range(3)]
    Clock.objects.all().delete()
    starts = [Start(complaint_id=one.pk, unit_id=one.unit_id, at=one.received_at, imported=True) for one in complaints]
    with CaptureQueriesContext(connection) as captured:
        assert start_many(actor=SYSTEM, starts=starts) == 3
    assert sum('INSERT INTO "clocks_clock"' in one["sql"] for one in captured.captured_queries) == 1


def test_a_changed_unit_is_worked_out_again(house: House) -> None:
    complaint = at_london(house)
    house.london.subdivision = "SCT"
    house.london.save(update_fields=["subdivision"])
    with clock.frozen_at(RECEIVED + timedelta(minutes=1)):
        assert recompute(actor=SYSTEM, complaint_id=complaint.pk) == 0
    easter = at_london(house, received=datetime(2026, 4, 1, 9, tzinfo=UTC), text="Another thing went wrong.")
    assert clock_of(easter, "final_response").due_at.date() == date(2026, 4, 9)
    house.london.subdivision = "ENG"
    house.london.save(update_fields=["subdivision"])
    with clock.frozen_at(datetime(2026, 4, 1, 10, tzinfo=UTC)):
        assert recompute(actor=SYSTEM, complaint_id=easter.pk) == 1
    answer = clock_of(easter, "final_response")
    assert (answer.due_at.date(), answer.cycle) == (date(2026, 4, 10), 1)
    easter.refresh_from_db()
    assert easter.next_due_at == min(one.due_at for one in clocks_of(easter))


def test_an_assessment_without_rules_that_ask_for_it_leaves_the_clocks_alone(house: House) -> None:
    complaint = at_london(house)
    before = list(Clock.objects.values_list("pk", "due_at"))
    record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"severity": 4, "category": "service"})
    assert list(Clock.objects.values_list("pk", "due_at")) == before


def test_badges_of_many_complaints_are_one_query(house: House) -> None:
    complaints = [at_london(house, text=f"Complaint number {number}.") for number in range(3)]
    send(complaints[0], "acknowledgement", RECEIVED + timedelta(minutes=1))
    with CaptureQueriesContext(connection) as captured, clock.frozen_at(RECEIVED + timedelta(minutes=4)):
        badges = badges_for([one.pk for one in complaints])
    assert len(captured) == 1
    assert [one.kind for one in badges[complaints[0].pk]] == ["final_response"]
    acknowledge, answer = badges[complaints[1].pk]
    assert (acknowledge.state, answer.state) == (State.WARNED, State.RUNNING)
    assert "5 minutes after receipt" in acknowledge.why
    everything = badges_for([complaints[0].pk], finished=True)[complaints[0].pk]
    assert [one.state for one in everything if one.kind == "acknowledge"] == [State.MET]


def test_starting_and_stopping_are_in_the_record(house: House) -> None:
    complaint = at_london(house)
    send(complaint, "acknowledgement", RECEIVED + timedelta(minutes=6))
    notes = {row.kind: row.data for row in records_of(f"complaint:{complaint.pk}")}
    assert [one["kind"] for one in notes["clocks_started"]["clocks"]] == ["acknowledge", "final_response"]
    assert notes["clocks_stopped"] == {"event": "acknowledged", "clocks": [{"kind": "acknowledge", "in_time": False}]}
    assert verify().problems == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"due_at": F("started_at")},
        {"stopped_at": RECEIVED},
        {"stopped_by": "closed"},
        {"breached_at": RECEIVED},
        {"certainty": "surely"},
        {"missed": "never"},
        {"stopped_at": RECEIVED + timedelta(days=99), "stopped_by": "closed", "alarm_at": None},
    ],
)
def test_the_database_refuses_a_clock_that_contradicts_itself(house: House, wrong: dict[str, object]) -> None:
    complaint = at_london(house)
    with pytest.raises(IntegrityError), transaction.atomic():
        Clock.objects.filter(complaint=complaint, kind="final_response").update(**wrong)
