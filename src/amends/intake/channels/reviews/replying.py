"""The verb that answers in public: checked so that nothing of the case gets out, and written once."""

from __future__ import annotations

from django.db import transaction

from amends.accounts.public import Actor, Permission
from amends.audit.public import record
from amends.cases.public import Message, MessageState, access_complaint, queue_message
from amends.core.errors import BadInput, Conflict, NotFound, Refused
from amends.core.text import clean
from amends.intake.channels.reviews.connectors.base import Capabilities
from amends.intake.channels.reviews.connectors.found import connector_of
from amends.intake.channels.reviews.models import Mention, PublicReply
from amends.intake.channels.reviews.rules import private_values, shown_in_public
from amends.intake.channels.reviews.wording import way_of_contact

UNDER_WAY = (MessageState.QUEUED, MessageState.SENDING)


def write_public_reply(*, actor: Actor, mention_id: int, text: str, number: int) -> Message:
    """Queue a public reply to a review that has become a case.

    `number` is the one the form was drawn with: whoever presses twice, or answers what a colleague has just answered,
    gets a conflict instead of a second reply.

    Raises:
        BadInput: empty, too long, or it says something private.
        Refused: the place takes no replies, or the review is gone or no case.
        Conflict: there is a reply already.
        NotFound: the review is not the actor's to see.
    """
    actor.require(Permission.CASE_WORK)
    text = clean(text).strip()
    with transaction.atomic():
        mention = Mention.objects.select_for_update(of=("self",)).select_related("source").filter(pk=mention_id).first()
        if mention is None or not actor.sees_unit(mention.source.unit_id):
            raise NotFound
        can = connector_of(mention.source.kind).capabilities
        _check_possible(mention, can, number)
        _check_words(actor, mention, can, text)
        assert mention.complaint_id is not None
        message = queue_message(
            actor=actor,
            complaint_id=mention.complaint_id,
            kind="public_reply",
            channel="review",
            subject="",
            text=text,
            purpose=f"public_reply:{mention.pk}:{number}",
            language=mention.language,
        )
        if message is None:
            raise Conflict("This reply is on its way already.")
        PublicReply.objects.create(message=message, mention=mention, number=number)
        record(
            actor=actor,
            chain=f"complaint:{mention.complaint_id}",
            kind="public_reply_written",
            data={"mention": mention.pk, "message": message.pk, "number": number},
        )
    return message


def next_number(mention: Mention) -> int:
    """The number of the next reply to a review."""
    return mention.replies.count() + 1


def _check_possible(mention: Mention, can: Capabilities, number: int) -> None:
    if not can.replies:
        raise Refused("This place takes no replies: answer there by hand, or in the case.")
    if mention.gone_at is not None:
        raise Refused("The review is not there any more.")
    if mention.complaint_id is None:
        raise Refused("Make a case of the review first: its answer belongs to a case.")
    if mention.replies.filter(message__state__in=UNDER_WAY).exists():
        raise Conflict("A reply is on its way already.")
    if mention.answered_at is not None and not can.changes_reply:
        raise Conflict("The review is answered, and this place does not let a reply be changed.")
    if number != next_number(mention):
        raise Conflict("Somebody has answered meanwhile: look at the page again.")


def _check_words(actor: Actor, mention: Mention, can: Capabilities, text: str) -> None:
    if not text:
        raise BadInput("Write something before you send it.", field="text")
    if len(text) > can.reply_limit:
        raise BadInput(f"This place takes at most {can.reply_limit} characters; these are {len(text)}.", field="text")
    assert mention.complaint_id is not None
    complaint = access_complaint(actor, mention.complaint_id)
    people = [one for one in (complaint.customer, complaint.representative) if one is not None]
    private = private_values(
        people=people,
        reference=complaint.reference or "",
        attributes={name: value for name, value in complaint.attributes.items() if name not in OWN_ATTRIBUTES},
        public_names=(mention.author, mention.handle, mention.handle.lstrip("@")),
    )
    found = shown_in_public(text, private, allowed=way_of_contact(mention.source.contact))
    if found:
        raise BadInput(
            f"Everybody can read this reply, and it has something private in it: {', '.join(found)}. Take it out.",
            field="text",
        )


OWN_ATTRIBUTES = frozenset(
    {"review_source", "review_kind", "mention", "rating", "review_url", "published_at", "public_answer_due"}
)
