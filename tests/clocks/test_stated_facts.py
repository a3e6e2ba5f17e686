"""Facts that a person states move deadlines, with a reason, and a date the customer knows never moves silently."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.clocks.test_running_clocks import RECEIVED, at_london, clock_of, send, use_packs
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User, change_unit
from amends.audit.public import records_of, verify
from amends.cases.public import Complaint, Message, Point, add_point, correct_receipt, move
from amends.clocks import services
from amends.clocks.jobs import reckon_unit, refresh_packs
from amends.clocks.models import Clock, Fact
from amends.clocks.public import clocks_of
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.notifications.models import Notification

NEXT_DAY = RECEIVED + timedelta(days=1)


def dues(complaint: Complaint) -> dict[str, date]:
    return {
        f"{one.kind}/{one.part}" if one.part else one.kind: one.due_at.date()
        for one in clocks_of(complaint)
        if one.stopped_at is None
    }


def state(user: User, complaint: Complaint, name: str, value: object, reason: str = "") -> Fact | None:
    with clock.frozen_at(NEXT_DAY):
        return services.state_fact(actor=actor(user), complaint_id=complaint.pk, name=name, value=value, reason=reason)


def letters(complaint: Complaint, kind: str) -> list[Message]:
    return list(Message.objects.filter(complaint=complaint, kind=kind))


def test_an_extension_needs_a_reason_and_moves_the_end(house: House, alice: User, lena: User) -> None:
    use_packs(house.london, "uk-fca-payment")
    complaint = at_london(house)
    assert dues(complaint) == {"final_response": date(2026, 3, 23)}
    with pytest.raises(BadInput, match="Say why"):
        state(alice, complaint, "extension", True)
    assert dues(complaint) == {"final_response": date(2026, 3, 23)}
    state(alice, complaint, "extension", True, "The other bank has to answer first.")
    assert dues(complaint) == {"holding": date(2026, 3, 23), "final_response": date(2026, 4, 22)}
    assert Notification.objects.filter(user=lena, kind="letter_owed").count() == 1
    state(alice, complaint, "extension", None)
    assert dues(complaint) == {"final_response": date(2026, 3, 23)}
    assert [row.kind for row in records_of(f"complaint:{complaint.pk}")].count("clock_fact_stated") == 2
    assert verify().problems == []


def test_only_facts_that_a_pack_asks_for_can_be_stated(house: House, alice: User, charlie: User) -> None:
    complaint = at_london(house)
    with pytest.raises(BadInput, match="No rule pack"):
        state(alice, complaint, "extension", True, "because")
    use_packs(house.london, "au-rg271")
    with pytest.raises(BadInput, match="Choose one of"):
        state(alice, complaint, "product", "shoes")
    with pytest.raises(BadInput, match="date such as"):
        state(alice, complaint, "objection_period_end", "soon")
    with pytest.raises(NotFound):
        state(charlie, complaint, "hardship", True)
    assert not Fact.objects.exists()


def test_points_under_different_rules_run_different_clocks_and_the_customer_is_told_once(
    house: House, alice: User
) -> None:
    use_packs(house.london, "uk-fca-payment")
    complaint = at_london(house)
    with clock.frozen_at(NEXT_DAY):
        for words in ("You paid the wrong account", "The adviser was rude, see www.example.org"):
            add_point(actor=actor(alice), complaint_id=complaint.pk, words=words)
        first, second = Point.objects.filter(complaint=complaint).order_by("position")
        for _ in range(2):
            services.assign_parts(
                actor=actor(alice), complaint_id=complaint.pk, parts={first.pk: "payment", second.pk: "other"}
            )
    assert dues(complaint) == {"final_response/payment": date(2026, 3, 23), "final_response/other": date(2026, 4, 27)}
    (letter,) = letters(complaint, "clock_split")
    assert "Monday 23 March 2026: “You paid the wrong account”" in letter.text
    assert "Monday 27 April 2026" in letter.text
    assert "www.example.org" not in letter.text
    assert {one.told_due_at for one in clocks_of(complaint) if one.part} == {
        one.due_at for one in clocks_of(complaint) if one.part
    }


def test_a_part_that_no_pack_has_and_a_point_of_another_case_are_refused(house: House, alice: User) -> None:
    complaint, other = at_london(house), at_london(house, text="Another thing", key="other", source="test")
    with clock.frozen_at(NEXT_DAY):
        add_point(actor=actor(alice), complaint_id=other.pk, words="Not mine")
    point = Point.objects.get(complaint=other)
    for parts in ({point.pk: "payment"}, {point.pk: "nothing"}):
        with pytest.raises(BadInput, match="not one of this case"):
            services.assign_parts(actor=actor(alice), complaint_id=complaint.pk, parts=parts)


def test_an_earlier_receipt_moves_the_dates_and_a_later_one_is_explained_to_the_customer(
    house: House, alice: User, lena: User
) -> None:
    complaint = at_london(house)
    send(complaint, "acknowledgement", RECEIVED + timedelta(minutes=1))
    assert clock_of(complaint, "final_response").told_due_at == clock_of(complaint, "final_response").due_at
    with clock.frozen_at(NEXT_DAY):
        correct_receipt(
            actor=actor(alice), complaint_id=complaint.pk, received_at=RECEIVED - timedelta(days=3), reason="Post tray."
        )
    assert dues(complaint) == {"final_response": date(2026, 3, 6)}
    assert letters(complaint, "date_changed") == []  # nobody minds an answer that comes before the day they know
    with clock.frozen_at(NEXT_DAY):
        correct_receipt(
            actor=actor(alice), complaint_id=complaint.pk, received_at=NEXT_DAY, reason="It was the day after."
        )
    assert dues(complaint) == {"final_response": date(2026, 3, 10)}
    (letter,) = letters(complaint, "date_changed")
    assert "by Monday 9 March 2026" in letter.text
    assert "Tuesday 10 March 2026" in letter.text
    assert letter.not_before == NEXT_DAY + timedelta(minutes=10)
    moved = [row for row in records_of(f"complaint:{complaint.pk}") if row.kind == "told_date_moved"]
    assert [row.data["told"][:10] for row in moved] == ["2026-03-09"]
    assert Notification.objects.filter(kind="told_date_moved", user=lena).count() == 1


def test_a_date_nobody_was_told_moves_without_a_letter(house: House, alice: User) -> None:
    complaint = at_london(house)
    with clock.frozen_at(NEXT_DAY):
        correct_receipt(actor=actor(alice), complaint_id=complaint.pk, received_at=NEXT_DAY, reason="The day after.")
    assert letters(complaint, "date_changed") == []


@pytest.mark.parametrize(
    ("received", "reason", "said"),
    [
        (datetime(2026, 3, 1), "x", "offset"),  # noqa: DTZ001  # that is the mistake
        (NEXT_DAY + timedelta(hours=1), "x", "in the past"),
        (datetime(1990, 1, 1, tzinfo=UTC), "x", "twenty years"),
        (RECEIVED - timedelta(days=1), " ", "Say why"),
    ],
)
def test_an_impossible_receipt_is_refused(
    house: House, alice: User, received: datetime, reason: str, said: str
) -> None:
    complaint = at_london(house)
    with clock.frozen_at(NEXT_DAY), pytest.raises(BadInput, match=said):
        correct_receipt(actor=actor(alice), complaint_id=complaint.pk, received_at=received, reason=reason)
    complaint.refresh_from_db()
    assert complaint.received_at == RECEIVED


def test_another_choice_of_packs_counts_the_open_complaints_of_the_unit_anew(house: House, ada: User) -> None:
    open_one, done = at_london(house), at_london(house, text="Another thing", key="other", source="test")
    with clock.frozen_at(NEXT_DAY):
        move(actor=SYSTEM, complaint_id=done.pk, action="withdraw", reason="They changed their mind.")
        change_unit(actor=actor(ada), unit=house.root, rule_packs=["uk-fca-disp"])
        assert reckon_unit(unit_id=house.root.pk) == 0
    assert dues(open_one) == {"summary_resolution": date(2026, 3, 5), "final_response": date(2026, 4, 27)}
    assert {one.pack for one in clocks_of(done)} == {"house"}


def test_clocks_of_an_older_version_of_a_pack_are_counted_by_the_new_one(house: House) -> None:
    complaint = at_london(house)
    Clock.objects.filter(complaint=complaint, kind="final_response").update(
        pack_version=date(2020, 1, 1), due_at=RECEIVED + timedelta(days=30)
    )
    with clock.frozen_at(RECEIVED + timedelta(minutes=1)):
        assert refresh_packs(timestamp=0) == 1
        assert refresh_packs(timestamp=0) == 0
    assert dues(complaint)["final_response"] == date(2026, 3, 9)


def test_a_closed_unit_counts_for_its_own_promises_and_for_no_regulator(house: House, ada: User) -> None:
    use_packs(house.london, "house", "sg-mas")
    complaint = at_london(house)
    before = {one.pack: one.due_at.date() for one in clocks_of(complaint) if one.kind == "final_response"}
    with clock.frozen_at(NEXT_DAY):
        closure = services.add_closure(
            actor=actor(ada), unit_key="northlight", first=date(2026, 3, 4), last=date(2026, 3, 5), name="Stocktaking"
        )
        reckon_unit(unit_id=house.root.pk)
    after = {one.pack: one.due_at.date() for one in clocks_of(complaint) if one.kind == "final_response"}
    assert (before["house"], after["house"]) == (date(2026, 3, 9), date(2026, 3, 11))
    assert after["sg-mas"] == before["sg-mas"]
    house_clock = Clock.objects.get(complaint=complaint, pack="house", kind="final_response")
    assert "Stocktaking (4 Mar)" in house_clock.whys["en"]
    with clock.frozen_at(NEXT_DAY):
        services.remove_closure(actor=actor(ada), closure_id=closure.pk)
        reckon_unit(unit_id=house.root.pk)
    house_clock.refresh_from_db()
    assert house_clock.due_at.date() == before["house"]


@pytest.mark.parametrize(("first", "last", "name"), [(5, 4, "x"), (1, 2, "  ")])
def test_an_impossible_closure_is_refused(house: House, ada: User, first: int, last: int, name: str) -> None:
    with pytest.raises(BadInput):
        services.add_closure(
            actor=actor(ada), unit_key="london", first=date(2026, 3, first), last=date(2026, 3, last), name=name
        )


def test_the_second_stage_of_a_landlord_counts_from_its_own_acknowledgement(house: House) -> None:
    use_packs(house.london, "uk-housing")
    complaint = at_london(house)
    assert dues(complaint) == {"stage1_ack": date(2026, 3, 9)}
    send(complaint, "acknowledgement", RECEIVED + timedelta(days=3))
    assert dues(complaint) == {"stage1_response": date(2026, 3, 19)}
    answered = datetime(2026, 3, 18, 9, tzinfo=UTC)
    with clock.frozen_at(answered):
        move(
            actor=SYSTEM,
            complaint_id=complaint.pk,
            action="resolve",
            outcome="not_upheld",
            reason="No fault was found.",
        )
    reopened = datetime(2026, 3, 23, 9, tzinfo=UTC)
    with clock.frozen_at(reopened):
        move(actor=SYSTEM, complaint_id=complaint.pk, action="reopen", reason="The resident does not agree.")
    assert dues(complaint) == {"stage2_ack": date(2026, 3, 30)}
    send(complaint, "message", datetime(2026, 3, 25, 9, tzinfo=UTC))
    assert dues(complaint) == {"stage2_response": date(2026, 4, 24)}


def told_the_answer(house: House, *packs: str) -> Complaint:
    """A complaint whose customer knows the date of the answer."""
    use_packs(house.london, *packs)
    complaint = at_london(house)
    send(complaint, "acknowledgement", RECEIVED + timedelta(minutes=1))
    return complaint


def count_by(house: House, complaint: Complaint, *packs: str) -> None:
    use_packs(house.london, *packs)
    with clock.frozen_at(NEXT_DAY):
        services.recompute(actor=SYSTEM, complaint_id=complaint.pk)


def test_other_rules_do_not_move_a_told_date_silently(house: House, lena: User) -> None:
    complaint = told_the_answer(house, "house")
    count_by(house, complaint, "ca-fcac")
    assert dues(complaint) == {"final_response": date(2026, 4, 27)}
    (letter,) = letters(complaint, "date_changed")
    assert "by Monday 9 March 2026" in letter.text
    assert "27 April 2026" in letter.text
    assert Notification.objects.filter(kind="told_date_moved", user=lena).count() == 1
    running = Clock.objects.get(complaint=complaint, stopped_at=None)
    assert running.told_due_at == running.due_at


def test_other_rules_with_an_earlier_date_write_nothing_and_remember_what_was_told(house: House) -> None:
    complaint = told_the_answer(house, "uk-fca-disp")
    told = Clock.objects.get(complaint=complaint, kind="final_response").told_due_at
    count_by(house, complaint, "house")
    assert letters(complaint, "date_changed") == []
    assert Clock.objects.get(complaint=complaint, kind="final_response", stopped_at=None).told_due_at == told
    count_by(house, complaint, "house", "uk-fca-disp")
    assert letters(complaint, "date_changed") == []  # the house's earlier date is still the one that holds


def test_stating_that_a_complaint_is_mixed_tells_the_customer_both_dates(house: House, alice: User) -> None:
    complaint = told_the_answer(house, "uk-fca-payment")
    for _ in range(2):
        state(alice, complaint, "mixed_complaint", True)
    assert dues(complaint) == {"final_response/payment": date(2026, 3, 23), "final_response/other": date(2026, 4, 27)}
    (letter,) = letters(complaint, "clock_split")
    assert "Monday 27 April 2026" in letter.text
    assert letters(complaint, "date_changed") == []
