"""Lists with special handling in the API. Tokens see no case on a restricted list: what they put there is gone for them."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Field, Router, Schema
from ninja.responses import Status

from amends.accounts.public import Permission
from amends.cases.public import AccessList, access_complaint, create_list
from amends.core.api import api_actor, scope
from amends.routing import special_lists

router = Router(tags=["routing"])


class SpecialListOut(Schema):
    """A list. `members` are the e-mail addresses of colleagues."""

    key: str
    name: str
    kind: str
    restricted: bool
    automatic: bool
    members: list[str]


class SpecialListIn(Schema):
    """A new list: what it is about (safety, legal, media, staff, vulnerable, important, other), whether only members see what
    is on it, and whether assessed cases of this kind come onto it by themselves."""

    key: str = Field(max_length=80, pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: str = Field(max_length=200)
    kind: str = Field(max_length=12)
    restricted: bool = True
    automatic: bool = False


class MembersIn(Schema):
    """Who sees what is on the list, by e-mail address; all of them."""

    members: list[str] = Field(max_length=1000)


class ListedIn(Schema):
    """Why, and whether every further case of the customer comes onto the list by itself."""

    reason: str = Field(max_length=2000)
    customer_too: bool = False


class ListedOut(Schema):
    """Whether the token still sees the case."""

    visible: bool


class UnlistedOut(Schema):
    """Whether anything changed."""

    changed: bool


def _out(one: AccessList) -> SpecialListOut:
    return SpecialListOut(
        key=one.key,
        name=one.name,
        kind=one.kind,
        restricted=one.restricted,
        automatic=one.automatic,
        members=sorted(row.user.email for row in one.members.select_related("user")),
    )


@router.get("/special-lists", response=list[SpecialListOut], summary="Lists with special handling")
@scope(Permission.SETTINGS_CHANGE)
def lists(request: HttpRequest) -> list[SpecialListOut]:
    """Every list with its members."""
    return [_out(one) for one in special_lists.lists_for(api_actor(request))]


@router.post("/special-lists", response={201: SpecialListOut}, summary="Make a list with special handling")
@scope(Permission.SETTINGS_CHANGE)
def make(request: HttpRequest, body: SpecialListIn) -> Status[SpecialListOut]:
    """A new list, still without members."""
    return Status(201, _out(create_list(actor=api_actor(request), **body.dict())))


@router.put("/special-lists/{key}/members", response=SpecialListOut, summary="Say who sees what is on a list")
@scope(Permission.SETTINGS_CHANGE)
def members(request: HttpRequest, key: str, body: MembersIn) -> SpecialListOut:
    """Replace the members; refused when a case on the list would be left without anybody who sees it."""
    return _out(special_lists.change_members(actor=api_actor(request), key=key, emails=body.members))


@router.put("/complaints/{reference}/special-lists/{key}", response=ListedOut, summary="Put a case on a list")
@scope(Permission.CASE_WORK)
def put(request: HttpRequest, reference: str, key: str, body: ListedIn) -> ListedOut:
    """Put it there with a reason; the same again changes nothing."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    still = special_lists.put_on_list(
        actor=actor, complaint_id=complaint.pk, key=key, reason=body.reason, customer_too=body.customer_too
    )
    return ListedOut(visible=still)


@router.delete("/complaints/{reference}/special-lists/{key}", response=UnlistedOut, summary="Take a case off a list")
@scope(Permission.CASE_WORK)
def take(request: HttpRequest, reference: str, key: str, customer_too: bool = False) -> UnlistedOut:
    """Take it off, with `customer_too` its customer as well."""
    actor = api_actor(request)
    complaint = access_complaint(actor, reference)
    return UnlistedOut(
        changed=special_lists.take_off_list(actor=actor, complaint_id=complaint.pk, key=key, customer_too=customer_too)
    )
