"""Which case a mail says it belongs to, and whether its sender belongs to that case.

In this order: the signed reply address, the messages it answers (ours by their signed identifiers, the customer's own
by theirs), a reference in the subject as the last resort. A reference can be guessed and an identifier of the customer's
own is known to whoever got a copy; so none of them lets anybody in: that is decided by who wrote.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from amends.accounts.public import Permission, User, actor_for_user
from amends.cases.public import (
    Complaint,
    Message,
    complaint_by_public_id,
    complaint_by_reference,
    complaints_with_message,
    known_addresses,
    read_reply_address,
    sees,
)
from amends.intake.channels.email import identity
from amends.intake.channels.email.model import ParsedMail
from amends.intake.channels.email.models import RawMail

OWN_MESSAGES_ASKED = 10


class Way(StrEnum):
    """How a mail found its case."""

    ADDRESS = "address"
    ANSWER = "answer"
    OWN_THREAD = "own_thread"
    SUBJECT = "subject"


@dataclass(frozen=True, slots=True)
class Found:
    """The case a mail names, and by what."""

    case: Complaint
    way: Way


def find_case(row: RawMail, mail: ParsedMail, sender: str) -> Found | None:
    """The case this mail says it belongs to, whoever wrote it; `sender` is normalised."""
    case = case_by_address(row, mail)
    if case is not None:
        return Found(case, Way.ADDRESS)
    answered = identity.answered_ids(mail)
    message = answered_message(answered)
    if message is not None:
        return Found(message.complaint, Way.ANSWER)
    case = _own_thread(answered, sender)
    if case is not None:
        return Found(case, Way.OWN_THREAD)
    named = [case for one in identity.references_in(mail.subject) if (case := complaint_by_reference(one)) is not None]
    theirs = [one for one in named if sender in known_addresses(one)]
    if theirs or named:
        return Found((theirs or named)[0], Way.SUBJECT)
    return None


def case_by_address(row: RawMail, mail: ParsedMail) -> Complaint | None:
    """The case whose signed reply address the mail was sent to."""
    for address in identity.addressees(mail, row.envelope_to):
        public_id = read_reply_address(address)
        case = None if public_id is None else complaint_by_public_id(public_id)
        if case is not None:
            return case
    return None


def answered_message(ids: list[str]) -> Message | None:
    """Our own message among these identifiers, the first in their order; ours are signed and cannot be guessed."""
    if not ids:
        return None
    sent = Message.objects.select_related(
        "complaint__customer", "complaint__representative", "complaint__unit", "complaint__product"
    ).filter(message_id__in=ids, direction="out")
    found = {one.message_id: one for one in sent}
    return next((found[one] for one in ids if one in found), None)


def _own_thread(ids: list[str], sender: str) -> Complaint | None:
    """The case in which this very sender wrote the message answered here (a postscript to one's own mail).

    Two customers may share an ancestor outside of Amends, a newsletter for instance: nobody joins another's case by it.
    """
    for one in ids[:OWN_MESSAGES_ASKED]:
        for case in complaints_with_message(one):
            if sender in known_addresses(case):
                return case
    return None


def colleague(sender: str, case: Complaint) -> User | None:
    """The active member of staff with this address who may work on the case."""
    user = User.objects.filter(email__iexact=sender, is_active=True).first() if sender else None
    if user is None:
        return None
    actor = actor_for_user(user)
    may = actor.can(Permission.CASE_WORK) and sees(actor, case)
    return user if may else None
