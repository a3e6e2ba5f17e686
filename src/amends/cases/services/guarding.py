"""The verbs of who may see a case: lists for special handling with members, and people whom a case is about."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, User
from amends.audit.public import record
from amends.cases.events import OwnerChanged
from amends.cases.models import AccessList, AccessListMember, Complaint, HiddenFrom, ListedCase, ListKind
from amends.cases.news import announce_change
from amends.cases.policy import access_complaint, who_may_see
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound, Refused
from amends.core.events import publish
from amends.core.text import clean, clean_line
from amends.notifications.public import Notification, withdraw


def create_list(
    *, actor: Actor, key: str, name: str, kind: str, restricted: bool = True, automatic: bool = False
) -> AccessList:
    """A new list without members.

    Raises:
        BadInput: no name, or an unknown kind.
        Conflict: the key is taken.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    key, name = clean_line(key).lower()[:80], clean_line(name)[:200]
    if not key or not name:
        raise BadInput("Give the list a name.", field="name")
    if kind not in ListKind.values:
        raise BadInput(f"There is no kind {kind!r}; choose from {', '.join(ListKind.values)}.", field="kind")
    with transaction.atomic():
        made, new = AccessList.objects.get_or_create(
            key=key, defaults={"name": name, "kind": kind, "restricted": restricted, "automatic": automatic}
        )
        if not new:
            raise Conflict("There is a list with this key already: choose another name.")
        data = {"list": made.pk, "key": key, "kind": kind, "restricted": restricted, "automatic": automatic}
        record(actor=actor, chain=f"access-list:{made.pk}", kind="access_list_created", data=data)
    return made


def set_list_members(*, actor: Actor, list_id: int, user_ids: Iterable[int]) -> AccessList:
    """Who may see what is on the list from now on.

    Raises:
        BadInput: a person is not known or not active.
        Refused: a case on the list would be left without anybody who sees it.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    wanted = set(user_ids)
    with transaction.atomic():
        found = _list(list_id, lock=True)
        if User.objects.filter(pk__in=wanted, is_active=True).count() != len(wanted):
            raise BadInput(
                "One of these people is not an active colleague: choose them from the list.", field="members"
            )
        found.members.exclude(user_id__in=wanted).delete()
        AccessListMember.objects.bulk_create(
            [AccessListMember(access_list=found, user_id=one) for one in sorted(wanted)], ignore_conflicts=True
        )
        record(
            actor=actor, chain=f"access-list:{found.pk}", kind="access_list_members", data={"members": sorted(wanted)}
        )
        if found.restricted:
            for case in Complaint.objects.filter(listed__access_list=found).select_for_update(
                of=("self",), no_key=True
            ):
                _apply(actor, case)
    return found


def list_case(*, actor: Actor, complaint_id: int, list_id: int, reason: str = "") -> ListedCase:
    """Put a case on a list; from then on only its members see it when the list is restricted. Twice changes nothing.

    Raises:
        Refused: nobody could see the case any more.
    """
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        found = _list(list_id)
        listed, new = ListedCase.objects.get_or_create(
            complaint=complaint,
            access_list=found,
            defaults={"reason": clean(reason).strip(), "added_by_id": actor.user_id},
        )
        if new:
            record(
                actor=actor,
                chain=f"complaint:{complaint.pk}",
                kind="listed",
                data={"list": found.pk, "kind": found.kind},
            )
            _apply(actor, complaint)
    return listed


def unlist_case(*, actor: Actor, complaint_id: int, list_id: int) -> bool:
    """Take a case off a list; True when this call did. Only somebody who sees the case can."""
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        gone, _rows = ListedCase.objects.filter(complaint=complaint, access_list_id=list_id).delete()
        if gone:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="unlisted", data={"list": list_id})
            _apply(actor, complaint)
    return bool(gone)


def hide_from(*, actor: Actor, complaint_id: int, user_ids: Iterable[int]) -> list[int]:
    """These people never see the case again, whatever their role: it is about them; the ids that are new.

    Raises:
        Refused: nobody could see the case any more.
    """
    wanted = set(user_ids)
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        before = set(HiddenFrom.objects.filter(complaint=complaint).values_list("user_id", flat=True))
        added = sorted(wanted - before)
        HiddenFrom.objects.bulk_create([HiddenFrom(complaint=complaint, user_id=one) for one in added])
        if added:
            record(actor=actor, chain=f"complaint:{complaint.pk}", kind="hidden_from", data={"users": added})
            _apply(actor, complaint)
    return added


def _list(list_id: int, *, lock: bool = False) -> AccessList:
    rows = AccessList.objects.select_for_update() if lock else AccessList.objects.all()
    found = rows.filter(pk=list_id).first()
    if found is None:
        raise NotFound
    return found


def _apply(actor: Actor, complaint: Complaint) -> None:
    """Bring everything in line with who may see the case now: the mark, its owner, what people were told, open pages."""
    announce_change(complaint)
    on_list = ListedCase.objects.filter(complaint=complaint, access_list__restricted=True)
    complaint.guarded = on_list.exists() or HiddenFrom.objects.filter(complaint=complaint).exists()
    Complaint.objects.filter(pk=complaint.pk).update(guarded=complaint.guarded)
    if not complaint.guarded:
        announce_change(complaint)
        return
    if not _able(complaint):
        raise Refused("Nobody could work on the case then: name a colleague as a member of the list first.")
    owner = complaint.owner_id
    if owner is not None and not who_may_see(complaint.pk, [owner]):
        complaint.owner_id, complaint.last_activity_at = None, clock.now()
        complaint.save(update_fields=["owner", "last_activity_at"])
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="owner_changed",
            data={"before": owner, "after": None, "because": "access"},
        )
        publish(OwnerChanged(complaint_id=complaint.pk, before_id=owner, after_id=None))
    told = set(Notification.objects.filter(complaint_id=complaint.pk).values_list("user_id", flat=True))
    closed = told - who_may_see(complaint.pk, told)
    if closed:
        withdraw(complaint_id=complaint.pk, user_ids=closed, title=_("A case that is no longer open to you"))
    announce_change(complaint)


def _able(complaint: Complaint) -> bool:
    """Whether an active colleague who works in its unit or its team is left."""
    above = [int(part) for part in complaint.unit.path.strip("/").split("/") if part]
    near = User.objects.filter(
        Q(memberships__unit_id__in=above) | Q(team_members__team_id=complaint.team_id or 0), is_active=True
    )
    return bool(who_may_see(complaint.pk, near.values_list("pk", flat=True)))


def list_automatically(*, complaint_id: int) -> int:
    """Put an assessed case on the automatic lists of its kinds; how many it came onto. A list nobody could see is left out."""
    complaint = access_complaint(SYSTEM, complaint_id)
    kinds = [ListKind.SAFETY] if complaint.safety else []
    kinds += [ListKind.LEGAL, ListKind.MEDIA] if complaint.legal_or_media else []
    kinds += [ListKind.VULNERABLE] if complaint.vulnerable else []
    if not kinds:
        return 0
    there = ListedCase.objects.filter(complaint=complaint, access_list=OuterRef("pk"))
    done = 0
    for one in AccessList.objects.filter(~Exists(there), kind__in=kinds, automatic=True):
        try:
            with transaction.atomic():
                list_case(actor=SYSTEM, complaint_id=complaint_id, list_id=one.pk)
            done += 1
        except Refused:
            record(actor=SYSTEM, chain=f"complaint:{complaint_id}", kind="not_listed", data={"list": one.pk})
    return done
