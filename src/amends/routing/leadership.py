"""The letter of a senior leader in a serious case: proposed by a criterion or a person, written, approved by somebody else, sent
once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Membership, Permission, Role, User
from amends.audit.public import record
from amends.cases.public import (
    OPEN_PHASES,
    Complaint,
    access_complaint,
    announce_change,
    messages_of,
    queue_message,
    recipient_address,
    who_may_see,
)
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed
from amends.core.text import clean
from amends.notifications.public import stand_ins_now, tell
from amends.routing import services
from amends.routing.letter_models import LeadershipLetter, LetterState
from amends.voice.public import Rendered, letter_context, letter_language, render, speaks_of_a_death

PURPOSE = "leadership_letter"
WORDS_LIMIT = 4000
SENIOR = (Role.DIRECTOR, Role.LEAD)
"""Who signs: a director before a lead; among them whoever is nearest to the unit."""


def leaders_for(complaint: Complaint) -> list[User]:
    """Who may sign for this case: the directors of its unit and those above, nearest first, then the leads (2 to 5 queries).

    Nobody to whom the case is closed, so never a person it is about.
    """
    above = [int(part) for part in complaint.unit.path.strip("/").split("/") if part]
    rows = Membership.objects.filter(unit_id__in=above, role__in=SENIOR, user__is_active=True).select_related("user")
    ranked = sorted(rows, key=lambda row: (SENIOR.index(Role(row.role)), -above.index(row.unit_id), row.user.name))
    people = list({row.user_id: row.user for row in ranked}.values())
    allowed = who_may_see(complaint.pk, [one.pk for one in people])
    return [one for one in people if one.pk in allowed]


def letter_of(complaint: Complaint) -> LeadershipLetter | None:
    """The case's letter (1 query)."""
    rows = LeadershipLetter.objects.select_related("leader", "prepared_by", "decided_by", "message")
    return rows.filter(complaint=complaint).first()


def user_of(actor: Actor) -> User | None:
    """The person who acts, if it is one (1 query)."""
    return User.objects.filter(pk=actor.user_id or 0).first()


def propose_letter(*, complaint_id: int, why: str, key: str, actor: Actor = SYSTEM) -> LeadershipLetter | None:
    """Say that somebody at the top should write; the owner is asked to prepare it. None when there is one already, or nobody
    who could sign."""
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        leaders = leaders_for(complaint)
        if not leaders or LeadershipLetter.objects.filter(complaint=complaint).exists():
            return None
        made = LeadershipLetter.objects.create(complaint=complaint, key=key, why=clean(why), leader=leaders[0])
        _record(
            actor, complaint, "leadership_letter_proposed", {"letter": made.pk, "key": key, "leader": leaders[0].pk}
        )
        name = leaders[0].name
        services.alert_owner(
            complaint_id=complaint.pk,
            kind="leadership_letter",
            what=lambda: _("prepare a letter that %(leader)s signs") % {"leader": name},
            key=f"leadership:{made.pk}",
        )
        announce_change(complaint)
    return made


def draft(
    complaint: Complaint, *, leader: User, own_words: str, delegate: User | None = None, to_read: bool = False
) -> Rendered:
    """The whole letter in the customer's language, as it would go out now.

    Args:
        to_read: leave out the secret of the customer's page; whoever has it could answer in the customer's name.
    """
    language = letter_language(complaint)
    context = letter_context(complaint, language=language, author=leader)
    texts = [one.text for one in messages_of(complaint) if one.direction == "in"]
    mourning = speaks_of_a_death(complaint.subject, complaint.text, *texts)
    return render(
        f"{PURPOSE}-mourning" if mourning else PURPOSE,
        language,
        {
            **context,
            "unit": complaint.unit.name,
            "own_words": own_words,
            "about_only": context["about"] if not context["points"] else "",
            "delegate": delegate.name if delegate else "",
            **({"portal_url": f"{settings.AMENDS_PUBLIC_URL}/p/…/"} if to_read else {}),
        },
    )


def prepare_letter(*, actor: Actor, complaint_id: int, leader_id: int, own_words: str) -> LeadershipLetter:
    """Write the letter's own words and ask whoever signs it to send it. Proposes the letter where nobody has.

    Raises:
        BadInput: nothing is written, somebody signs who may not, or the customer has no address.
        Conflict: it was sent or declined.
    """
    actor.require(Permission.CASE_WORK)
    own_words = clean(own_words).strip()
    if not own_words:
        raise BadInput("Write in a few sentences what this case means to whoever signs.", field="own_words")
    if len(own_words) > WORDS_LIMIT:
        raise BadInput(f"Write at most {WORDS_LIMIT} characters.", field="own_words")
    if actor.user_id is None:
        raise NotAllowed("Only a person writes such a letter.")
    with transaction.atomic():
        complaint = _case(actor, complaint_id)
        leader = next((one for one in leaders_for(complaint) if one.pk == leader_id), None)
        if leader is None:
            raise BadInput("Choose from the list who signs.", field="leader")
        if not recipient_address(complaint):
            raise BadInput("There is no e-mail address in this case: write by post, and note it here.", field="address")
        LeadershipLetter.objects.get_or_create(complaint=complaint, defaults={"leader": leader})
        letter = LeadershipLetter.objects.select_for_update().get(complaint=complaint)
        if letter.state not in (LetterState.PROPOSED, LetterState.WAITING):
            raise Conflict("This letter was sent or declined already: load the page again.")
        letter.state, letter.leader, letter.own_words = LetterState.WAITING, leader, own_words
        letter.prepared_by_id, letter.prepared_at, letter.reason = actor.user_id, clock.now(), ""
        letter.save(update_fields=["state", "leader", "own_words", "prepared_by", "prepared_at", "reason"])
        _record(actor, complaint, "leadership_letter_written", {"letter": letter.pk, "leader": leader.pk})
        _tell(
            complaint,
            [leader.pk],
            lambda: _("a letter waits for you to read and send it"),
            key=f"leadership:{letter.pk}:{letter.prepared_at.isoformat()}",
        )
        announce_change(complaint)
    return letter


def may_decide(actor: Actor, letter: LeadershipLetter) -> bool:
    """Whether this person may send or return it: whoever signs, or whoever stands in for them today; never who wrote it."""
    if actor.user_id is None or actor.user_id == letter.prepared_by_id or letter.leader_id is None:
        return False
    return actor.user_id == letter.leader_id or stand_ins_now([letter.leader_id]).get(letter.leader_id) == actor.user_id


def send_letter(*, actor: Actor, complaint_id: int) -> LeadershipLetter:
    """Approve the letter: it goes to the customer, once, whoever presses twice.

    Raises:
        NotAllowed: the actor neither signs it nor stands in for whoever does, or wrote it.
        Conflict: it does not wait.
    """
    with transaction.atomic():
        complaint = _case(actor, complaint_id)
        letter = _waiting(actor, complaint)
        leader = letter.leader
        assert leader is not None  # the database says so of a letter that waits
        by = User.objects.get(pk=actor.user_id or 0)
        rendered = draft(complaint, leader=leader, own_words=letter.own_words, delegate=None if by == leader else by)
        message = queue_message(
            actor=actor,
            complaint_id=complaint.pk,
            kind="letter",
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            purpose=PURPOSE,
            language=rendered.language,
        )
        if message is None:
            raise Conflict("This letter was sent already: load the page again.")
        letter.state, letter.message, letter.decided_by, letter.decided_at = LetterState.SENT, message, by, clock.now()
        letter.save(update_fields=["state", "message", "decided_by", "decided_at"])
        data = {"letter": letter.pk, "leader": leader.pk, "message": message.pk}
        _record(actor, complaint, "leadership_letter_sent", data)
        _tell_writer(complaint, letter, lambda: _("the letter you prepared is on its way"))
        announce_change(complaint)
    return letter


def return_letter(*, actor: Actor, complaint_id: int, reason: str) -> LeadershipLetter:
    """Give the letter back to be written anew.

    Raises:
        BadInput: no reason.
    """
    reason = _reason(reason)
    with transaction.atomic():
        complaint = _case(actor, complaint_id)
        letter = _waiting(actor, complaint)
        letter.state, letter.reason = LetterState.PROPOSED, reason
        letter.save(update_fields=["state", "reason"])
        _record(actor, complaint, "leadership_letter_returned", {"letter": letter.pk})
        _tell_writer(complaint, letter, lambda: _("the letter you prepared came back with a remark"))
        announce_change(complaint)
    return letter


def decline_letter(*, actor: Actor, complaint_id: int, reason: str) -> LeadershipLetter:
    """Say that no letter is needed here; a rule never proposes it again.

    Raises:
        BadInput: no reason.
        Conflict: there is none that is open.
    """
    actor.require(Permission.CASE_ASSIGN)
    reason = _reason(reason)
    with transaction.atomic():
        complaint = _case(actor, complaint_id)
        letter = LeadershipLetter.objects.select_for_update().filter(complaint=complaint).first()
        if letter is None or letter.state not in (LetterState.PROPOSED, LetterState.WAITING):
            raise Conflict("There is no letter that waits here: load the page again.")
        letter.state, letter.reason = LetterState.DECLINED, reason
        letter.decided_by_id, letter.decided_at = actor.user_id, clock.now()
        letter.save(update_fields=["state", "reason", "decided_by", "decided_at"])
        _record(actor, complaint, "leadership_letter_declined", {"letter": letter.pk})
        announce_change(complaint)
    return letter


def _case(actor: Actor, complaint_id: int) -> Complaint:
    """The case with everything a letter needs, locked."""
    actor.require(Permission.CASE_WORK)
    access_complaint(actor, complaint_id, lock=True)
    complaint = access_complaint(actor, complaint_id)
    if complaint.phase not in OPEN_PHASES and complaint.phase != "resolved":
        raise Conflict("This case is over.")
    return complaint


def _waiting(actor: Actor, complaint: Complaint) -> LeadershipLetter:
    rows = LeadershipLetter.objects.select_for_update(of=("self",)).select_related("leader")
    letter = rows.filter(complaint=complaint).first()
    if letter is None or letter.state != LetterState.WAITING:
        raise Conflict("There is no letter that waits here: load the page again.")
    if not may_decide(actor, letter):
        raise NotAllowed("Whoever signs the letter sends it, or who stands in for them; never the person who wrote it.")
    return letter


def _reason(text: str) -> str:
    reason = clean(text).strip()[:WORDS_LIMIT]
    if not reason:
        raise BadInput("Say why.", field="reason")
    return reason


def _record(actor: Actor, complaint: Complaint, kind: str, data: dict[str, Any]) -> None:
    record(actor=actor, chain=f"complaint:{complaint.pk}", kind=kind, data=data)


def _tell_writer(complaint: Complaint, letter: LeadershipLetter, what: Callable[[], str]) -> None:
    writers = [letter.prepared_by_id] if letter.prepared_by_id else []
    _tell(complaint, writers, what, key=f"leadership:{letter.pk}:{letter.state}:{clock.now().isoformat()}")


def _tell(complaint: Complaint, users: Iterable[int], what: Callable[[], str], *, key: str) -> None:
    tell(
        users=users,
        kind="leadership_letter",
        title=lambda: f"{complaint.reference}: {what()}",
        url=f"/cases/{complaint.reference}/#panel-leadership",
        complaint_id=complaint.pk,
        key=key,
    )
