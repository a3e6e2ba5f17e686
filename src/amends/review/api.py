"""The review in the API: causes, findings, corrective actions."""

from __future__ import annotations

from datetime import date

from django.http import HttpRequest
from ninja import Router, Schema
from ninja.responses import Status
from pydantic import ConfigDict, Field

from amends.accounts.public import Permission
from amends.cases.public import access_complaint
from amends.core.api import api_actor, scope
from amends.core.errors import BadInput, NotFound
from amends.review import public as review
from amends.review.causes import cause_groups
from amends.review.models import CorrectiveAction
from amends.review.sections import ActionOut, ReviewOut, action_out, read_review
from amends.review.selectors import actions_to_check, causes_by_count

router = Router(tags=["review"])


class Body(Schema):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid")


class CauseOut(Schema):
    """One cause of the tree, and in how many complaints it was found."""

    key: str
    group: str
    label: str
    symptoms: str
    count: int


class RootCauseIn(Body):
    """What really went wrong; `responsibility` is company, customer, third_party or nobody."""

    cause: str
    symptom: str
    five_whys: list[str] = Field([], max_length=50)
    responsibility: str


class NoCauseIn(Body):
    """Why no cause was found."""

    reason: str


class ActionIn(Body):
    """A change: what, by whom (an e-mail address), by when; `reference` is the case that led to it, or null."""

    reference: str | None = Field(None, max_length=40)
    what: str
    owner: str = Field(max_length=320)
    due_on: date
    effect_check_on: date | None = None


class DoneIn(Body):
    """What can be seen of it already."""

    effect: str = ""


class EffectIn(Body):
    """What it changed, and whether it worked."""

    effect: str
    worked: bool


@router.get("/causes", response=list[CauseOut], summary="The tree of causes with counts")
@scope(Permission.REVIEW_VIEW)
def list_causes(request: HttpRequest) -> list[CauseOut]:
    """Every cause in English, in the order of the tree."""
    counts = {one.key: one.count for one in causes_by_count(api_actor(request))}
    return [
        CauseOut(
            key=one.key,
            group=group.key,
            label=one.label.en,
            symptoms=one.symptoms.en,
            count=counts.get(one.key, 0),
        )
        for group in cause_groups()
        for one in group.causes
    ]


@router.post("/complaints/{reference}/root-cause", response=ReviewOut, summary="Record the root cause")
@scope(Permission.REVIEW_WORK)
def root_cause(request: HttpRequest, reference: str, body: RootCauseIn) -> ReviewOut:
    """Record what really went wrong; an earlier finding is replaced and kept."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    review.record_root_cause(
        actor=actor,
        complaint_id=complaint.pk,
        cause_key=body.cause,
        symptom=body.symptom,
        five_whys=body.five_whys,
        neutral_responsibility=body.responsibility,
    )
    return read_review(complaint)


@router.post("/complaints/{reference}/no-cause", response=ReviewOut, summary="Record that no cause was found")
@scope(Permission.REVIEW_WORK)
def no_cause(request: HttpRequest, reference: str, body: NoCauseIn) -> ReviewOut:
    """Record that no cause was found, and why."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    review.record_no_cause(actor=actor, complaint_id=complaint.pk, reason=body.reason)
    return read_review(complaint)


@router.get("/corrective-actions", response=list[ActionOut], summary="Corrective actions that are open or unchecked")
@scope(Permission.REVIEW_VIEW)
def list_actions(request: HttpRequest) -> list[ActionOut]:
    """What is still to be changed, then what was changed and not looked at since; at most 200 of each."""
    actor = api_actor(request)
    return [action_out(one) for one in [*review.open_actions(actor), *actions_to_check(actor)]]


@router.post("/corrective-actions", response={201: ActionOut}, summary="Open a corrective action")
@scope(Permission.REVIEW_WORK)
def open_action(request: HttpRequest, body: ActionIn) -> Status[ActionOut]:
    """Decide that something is changed."""
    actor = api_actor(request)
    complaint = access_complaint(actor, body.reference) if body.reference else None
    finding = review.root_cause_of(complaint) if complaint else None
    action = review.open_corrective_action(
        actor=actor,
        complaint_id=complaint.pk if complaint else None,
        cause_id=finding.pk if finding else None,
        what=body.what,
        owner_id=_owner_id(body.owner),
        due_on=body.due_on,
        effect_check_on=body.effect_check_on,
    )
    return Status(201, action_out(action))


def _owner_id(email: str) -> int:
    from amends.accounts.public import User
    from amends.core.text import normalise_email

    owner_id = User.objects.filter(email=normalise_email(email)).values_list("pk", flat=True).first()
    if owner_id is None:
        raise BadInput("There is no colleague with this e-mail address.", field="owner")
    return owner_id


@router.post("/corrective-actions/{action_id}/done", response=ActionOut, summary="Mark a corrective action as done")
@scope(Permission.REVIEW_WORK)
def action_done(request: HttpRequest, action_id: int, body: DoneIn) -> ActionOut:
    """Note that the change has been made."""
    action = review.complete_corrective_action(actor=api_actor(request), action_id=action_id, effect=body.effect)
    return _shown(action)


@router.post("/corrective-actions/{action_id}/effect", response=ActionOut, summary="Say what a change did")
@scope(Permission.REVIEW_WORK)
def action_effect(request: HttpRequest, action_id: int, body: EffectIn) -> ActionOut:
    """Look back at a change, and say whether it worked."""
    actor = api_actor(request)
    return _shown(review.record_effect(actor=actor, action_id=action_id, effect=body.effect, worked=body.worked))


def _shown(action: CorrectiveAction) -> ActionOut:
    found = CorrectiveAction.objects.select_related("owner", "complaint").filter(pk=action.pk).first()
    if found is None:
        raise NotFound
    return action_out(found)
