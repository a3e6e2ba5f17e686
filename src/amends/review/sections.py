"""The review's key in a complaint's JSON."""

from __future__ import annotations

from datetime import date, datetime

from ninja import Schema

from amends.cases.public import Complaint
from amends.core.sections import Section, sections
from amends.review.models import CorrectiveAction, RootCause
from amends.review.selectors import actions_of, root_cause_of


class RootCauseOut(Schema):
    """What really went wrong; `cause` is empty and `no_cause_reason` says why when none was found."""

    id: int
    cause: str
    symptom: str
    five_whys: list[str]
    responsibility: str
    no_cause_reason: str
    found_by: str
    found_at: datetime


class ActionOut(Schema):
    """One corrective action."""

    id: int
    reference: str | None
    cause: str
    what: str
    owner: str
    due_on: date
    done_at: datetime | None
    effect: str
    effect_check_on: date | None
    effect_checked_at: datetime | None
    worked: bool | None


class ReviewOut(Schema):
    """The finding of a case and what is changed because of it."""

    root_cause: RootCauseOut | None
    corrective_actions: list[ActionOut]


def root_cause_out(one: RootCause) -> RootCauseOut:
    """A finding as the API shows it."""
    return RootCauseOut(
        id=one.pk,
        cause=one.cause,
        symptom=one.symptom,
        five_whys=one.whys,
        responsibility=one.responsibility,
        no_cause_reason=one.no_cause_reason,
        found_by=one.found_by_name,
        found_at=one.found_at,
    )


def action_out(one: CorrectiveAction) -> ActionOut:
    """A corrective action as the API shows it."""
    return ActionOut(
        id=one.pk,
        reference=one.complaint.reference if one.complaint else None,
        cause=one.cause,
        what=one.what,
        owner=one.owner.name,
        due_on=one.due_on,
        done_at=one.done_at,
        effect=one.effect,
        effect_check_on=one.effect_check_on,
        effect_checked_at=one.effect_checked_at,
        worked=one.worked,
    )


def read_review(complaint: Complaint) -> ReviewOut:
    """The finding and the actions (2 queries)."""
    finding = root_cause_of(complaint)
    return ReviewOut(
        root_cause=root_cause_out(finding) if finding else None,
        corrective_actions=[action_out(one) for one in actions_of(complaint)],
    )


sections.register(Section("review", ReviewOut, read_review, order=80))
