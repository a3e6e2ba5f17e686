"""Root causes and corrective actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from amends.accounts.public import Actor, Role, User
from amends.audit.public import records_of
from amends.cases.public import Complaint
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.notifications.public import unread
from amends.review.causes import OURS, CausesError, causes, read_causes
from amends.review.models import CorrectiveAction, RootCause
from amends.review.public import (
    actions_of,
    causes_by_count,
    complete_corrective_action,
    open_actions,
    open_corrective_action,
    record_effect,
    record_no_cause,
    record_root_cause,
    remind_of_actions,
    root_cause_of,
)
from amends.review.selectors import review_figures
from tests.people import House, actor, new_complaint, person

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 10, tzinfo=UTC)
WHYS = ("The radio drops out", "The update changed its power table", "The table was never tested with old batteries")


@pytest.fixture(autouse=True)
def _monday() -> Any:
    with clock.frozen_at(MONDAY):
        yield


def found(who: Actor, complaint: Complaint, **values: Any) -> RootCause:
    given: dict[str, Any] = {
        "cause_key": "software_fault",
        "symptom": "Stops in the middle of a song",
        "five_whys": WHYS,
        "neutral_responsibility": "company",
        **values,
    }
    return record_root_cause(actor=who, complaint_id=complaint.pk, **given)


def opened(who: Actor, complaint: Complaint | None, owner: User, **values: Any) -> CorrectiveAction:
    given: dict[str, Any] = {
        "cause_id": None,
        "what": "Test each update with old batteries",
        "due_on": date(2026, 3, 20),
        **values,
    }
    return open_corrective_action(
        actor=who, complaint_id=complaint.pk if complaint else None, owner_id=owner.pk, **given
    )


def test_the_tree_of_causes_names_conditions_in_both_languages() -> None:
    assert len(causes()) >= 25
    for _group, cause in causes().values():
        assert cause.label.en != cause.label.de
        assert cause.symptoms.en
        assert cause.symptoms.de


def test_a_wrong_file_of_causes_is_refused_with_its_place(tmp_path: Path) -> None:
    path = tmp_path / "own.yaml"
    path.write_text(OURS.read_text().replace("key: picking", "key: stock_records"))
    with pytest.raises(CausesError, match=r"own.yaml.*stock_records"):
        read_causes(path)
    path.write_text("groups: [")
    with pytest.raises(CausesError, match=r"own\.yaml"):
        read_causes(path)


def test_symptom_and_cause_are_kept_apart_and_an_earlier_finding_stays(bob: User, complaint: Complaint) -> None:
    found(actor(bob), complaint, cause_key="component_fault")
    latest = found(actor(bob), complaint)
    assert root_cause_of(complaint) == latest
    assert (latest.whys, latest.responsibility) == (list(WHYS), "company")
    assert RootCause.objects.filter(complaint=complaint).count() == 2
    rows = [row for row in records_of(f"complaint:{complaint.pk}") if row.kind == "root_cause_found"]
    assert rows[-1].data["cause"] == "software_fault"
    assert "song" not in str([row.data for row in rows])


def test_no_cause_needs_a_reason(bob: User, complaint: Complaint) -> None:
    with pytest.raises(BadInput):
        record_no_cause(actor=actor(bob), complaint_id=complaint.pk, reason=" ")
    finding = record_no_cause(actor=actor(bob), complaint_id=complaint.pk, reason="The device was thrown away")
    assert (finding.cause, root_cause_of(complaint)) == ("", finding)


@pytest.mark.parametrize(
    "values",
    [
        {"cause_key": "carelessness"},
        {"symptom": "\x00"},
        {"neutral_responsibility": "them"},
        {"five_whys": ["because"] * 6},
        {"five_whys": ["x" * 501]},
        {"symptom": "x" * 10_001},
    ],
)
def test_a_finding_that_says_nothing_is_refused(bob: User, complaint: Complaint, values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        found(actor(bob), complaint, **values)


def test_an_action_has_an_owner_who_hears_of_it_and_a_day(bob: User, lena: User, complaint: Complaint) -> None:
    finding = found(actor(bob), complaint)
    action = opened(actor(bob), complaint, lena, cause_id=finding.pk)
    assert (action.cause, action.effect_check_on) == ("software_fault", date(2026, 4, 19))
    assert [note.kind for note in unread(lena.pk) if note.kind == "corrective_action_opened"] == [
        "corrective_action_opened"
    ]
    assert actions_of(complaint) == [action]
    assert "corrective_action_opened" in [row.kind for row in records_of(f"complaint:{complaint.pk}")]


def test_an_action_without_a_case_has_a_chain_of_its_own(bob: User) -> None:
    action = opened(actor(bob), None, bob)
    assert [row.kind for row in records_of(f"corrective_action:{action.pk}")] == ["corrective_action_opened"]


def test_done_once_and_looked_at_afterwards(bob: User, complaint: Complaint) -> None:
    action = opened(actor(bob), complaint, bob)
    with pytest.raises(Conflict, match="not been made"):
        record_effect(actor=actor(bob), action_id=action.pk, effect="Fewer", worked=True)
    complete_corrective_action(actor=actor(bob), action_id=action.pk, effect="In the release checklist")
    with pytest.raises(Conflict):
        complete_corrective_action(actor=actor(bob), action_id=action.pk)
    with clock.frozen_at(MONDAY + timedelta(days=40)):
        checked = record_effect(actor=actor(bob), action_id=action.pk, effect="From 12 cases a month to 1", worked=True)
    assert (checked.worked, checked.effect) == (True, "From 12 cases a month to 1")
    assert open_actions(actor(bob)) == []


@pytest.mark.parametrize(
    "values", [{"what": " "}, {"due_on": date(2026, 3, 1)}, {"effect_check_on": date(2026, 3, 19)}]
)
def test_an_action_without_what_or_when_is_refused(bob: User, complaint: Complaint, values: dict[str, Any]) -> None:
    with pytest.raises(BadInput):
        opened(actor(bob), complaint, bob, **values)


def test_an_owner_must_be_able_to_work_on_it(bob: User, alice: User, charlie: User, complaint: Complaint) -> None:
    for nobody in (alice, charlie):
        with pytest.raises(BadInput, match="cannot work on this"):
            opened(actor(bob), complaint, nobody)
    with pytest.raises(BadInput):
        open_corrective_action(
            actor=actor(bob),
            complaint_id=complaint.pk,
            cause_id=None,
            what="x",
            owner_id=2**70,
            due_on=date(2026, 4, 1),
        )


def test_owners_are_reminded_once_also_when_a_morning_was_missed(bob: User, lena: User, complaint: Complaint) -> None:
    action = opened(actor(bob), complaint, lena)
    assert remind_of_actions(now=datetime(2026, 3, 17, 6, tzinfo=UTC)) == 0
    assert remind_of_actions(now=datetime(2026, 3, 19, 6, tzinfo=UTC)) == 1
    assert remind_of_actions(now=datetime(2026, 3, 20, 6, tzinfo=UTC)) == 0
    complete_corrective_action(actor=actor(lena), action_id=action.pk)
    assert remind_of_actions(now=datetime(2026, 4, 21, 6, tzinfo=UTC)) == 1
    assert remind_of_actions(now=datetime(2026, 4, 22, 6, tzinfo=UTC)) == 0


def test_causes_are_counted_over_what_one_may_see(
    bob: User, house: House, complaint: Complaint, django_assert_num_queries: Any
) -> None:
    found(actor(bob), complaint)
    found(actor(bob), new_complaint(house.london, text="Another"))
    found(actor(bob), new_complaint(house.berlin, text="A third"), cause_key="picking")
    record_no_cause(actor=actor(bob), complaint_id=new_complaint(house.london, text="A fourth").pk, reason="Gone")
    who = actor(bob)
    with django_assert_num_queries(1):
        counts = causes_by_count(who, language="de")
    assert [(one.key, one.count, one.width) for one in counts] == [("software_fault", 2, 100), ("picking", 1, 50)]
    assert counts[0].label == "Fehler in Firmware oder App"
    berliner = actor(person("Berta", [(house.berlin, Role.SPECIALIST)]))
    assert [one.key for one in causes_by_count(berliner)] == ["picking"]
    assert (review_figures(who).found, review_figures(who).without_cause) == (3, 1)


def verbs(action: CorrectiveAction, complaint: Complaint, owner: User) -> list[Callable[[Actor], Any]]:
    return [
        lambda who: found(who, complaint),
        lambda who: record_no_cause(actor=who, complaint_id=complaint.pk, reason="x"),
        lambda who: opened(who, complaint, owner),
        lambda who: complete_corrective_action(actor=who, action_id=action.pk),
        lambda who: record_effect(actor=who, action_id=action.pk, effect="x", worked=True),
    ]


def test_outsiders_find_nothing_and_readers_change_nothing(
    bob: User, alice: User, conny: User, house: House, complaint: Complaint
) -> None:
    action = opened(actor(bob), complaint, bob)
    outsider = person("Berta", [(house.berlin, Role.DIRECTOR)])
    for verb in verbs(action, complaint, bob):
        with pytest.raises(NotFound):
            verb(actor(outsider))
        for reader in (alice, conny):
            with pytest.raises(NotAllowed):
                verb(actor(reader))


def test_a_finding_of_a_foreign_case_cannot_be_borrowed(bob: User, house: House, complaint: Complaint) -> None:
    finding = found(actor(bob), complaint)
    outsider = person("Berta", [(house.berlin, Role.SPECIALIST)])
    with pytest.raises(NotFound):
        opened(actor(outsider), None, outsider, cause_id=finding.pk)


def test_the_database_holds_the_rules(bob: User, complaint: Complaint) -> None:
    finding = found(actor(bob), complaint)
    action = opened(actor(bob), complaint, bob)
    attempts: list[Callable[[], object]] = [
        lambda: RootCause.objects.create(complaint=complaint, no_cause_reason="x", found_by_name="x"),
        lambda: RootCause.objects.filter(pk=finding.pk).update(cause=""),
        lambda: RootCause.objects.filter(pk=finding.pk).update(no_cause_reason="but"),
        lambda: RootCause.objects.filter(pk=finding.pk).update(responsibility="them"),
        lambda: CorrectiveAction.objects.filter(pk=action.pk).update(what=""),
        lambda: CorrectiveAction.objects.filter(pk=action.pk).update(worked=True),
        lambda: CorrectiveAction.objects.filter(pk=action.pk).update(worked=True, effect_checked_at=MONDAY, effect="x"),
    ]
    for attempt in attempts:
        with pytest.raises(IntegrityError), transaction.atomic():
            attempt()
