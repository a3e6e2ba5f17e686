"""Everything the customer's page says, in a constant number of queries. What is not in here never reaches the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from amends.accounts.public import UnitSettings, unit_settings
from amends.cases.public import (
    DONE_PHASES,
    Attachment,
    Complaint,
    Message,
    MessageState,
    Phase,
    Point,
    messages_of,
    points_of,
)
from amends.handling.public import (
    PromiseState,
    ProposalState,
    WholeProposal,
    promises_of,
    proposal_for_customer,
    remedy_words,
    written_days,
)
from amends.portal.way import ENDED, Dates, Stage, way
from amends.voice.public import Contact, answer_day, contact_of

SHOWN_STATES = frozenset(
    {
        MessageState.RECEIVED,
        MessageState.SENDING,
        MessageState.SENT,
        MessageState.DELIVERED,
        MessageState.BOUNCED,
        MessageState.FAILED,
    }
)
"""What was said to each other, also what mail could not deliver. What can still be undone has not been said."""


ASKING_PHASES = frozenset({Phase.REGISTERED, Phase.ACKNOWLEDGED, Phase.INVESTIGATING})
"""While it is still being found out what happened, we ask whether we understood; later it would come too late."""
PLAIN_KINDS = frozenset({"message", "call"})
"""What a person wrote is read at once; a letter made from a pattern opens on demand, its contents stand on the page."""


@dataclass(frozen=True, slots=True)
class Said:
    """One message as the customer sees it; `title` is what a letter of ours is called that opens on demand."""

    mine: bool
    title: str
    who: str
    at: datetime
    text: str
    files: tuple[Attachment, ...]


@dataclass(frozen=True, slots=True)
class Pledge:
    """One promise as the customer sees it: `state` is open, done, moved (explained) or late."""

    what: str
    when: str
    state: str
    note: str
    explanations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Option:
    """One thing to choose from; number 0 is the proposal as it is."""

    number: int
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Offer:
    """The proposal as the customer sees it."""

    id: int
    state: str
    summary: str
    always: tuple[str, ...]
    options: tuple[Option, ...]
    chosen: int | None
    steps: tuple[str, ...]
    conditions: str

    @property
    def open(self) -> bool:
        """Whether it waits for the customer."""
        return self.state == ProposalState.SENT


@dataclass(frozen=True, slots=True)
class Page:
    """The whole page."""

    complaint: Complaint
    settings: UnitSettings
    contact: Contact
    answer_by: date | None
    stages: list[Stage]
    ended: str
    points: list[Point]
    offer: Offer | None
    pledges: list[Pledge]
    talk: list[Said]

    @property
    def over(self) -> bool:
        """Whether the complaint is settled or ended."""
        return self.complaint.phase in DONE_PHASES

    @property
    def shows_matter(self) -> bool:
        """Whether there is something to say about what it is about, beside the question whether we understood."""
        return bool(self.complaint.desired_outcome or (self.points and not self.asks))

    @property
    def asks(self) -> bool:
        """Whether the one thing to do is to say that we understood; a proposal to decide about comes first."""
        if self.offer is not None and self.offer.open:
            return False
        return self.complaint.phase in ASKING_PHASES and any(point.confirmed_at is None for point in self.points)


def page_of(complaint: Complaint, language: str) -> Page:
    """The customer's page of a complaint, in this language."""
    settings = unit_settings(complaint.unit_id)
    whole = proposal_for_customer(complaint)
    proposal = whole.proposal if whole else None
    agreed = proposal.answered_at if proposal and proposal.state == ProposalState.ACCEPTED else None
    dates = Dates(
        received=complaint.received_at,
        proposed=proposal.sent_at if proposal else None,
        agreed=agreed,
        settled=complaint.resolved_at,
    )
    over = complaint.phase in DONE_PHASES
    return Page(
        complaint=complaint,
        settings=settings,
        contact=contact_of(complaint, settings, language),
        answer_by=None if over else answer_day(complaint, settings.timezone),
        stages=way(complaint.phase, dates),
        ended=str(ENDED.get(complaint.phase, "")),
        points=points_of(complaint),
        offer=_offer(whole, language) if whole else None,
        pledges=_pledges(complaint, settings, language),
        talk=_talk(complaint, settings),
    )


def _offer(whole: WholeProposal, language: str) -> Offer:
    remedies = whole.remedies
    return Offer(
        id=whole.proposal.pk,
        state=whole.proposal.state,
        summary=whole.proposal.summary,
        always=tuple(remedy_words(one, language) for one in remedies if one.option == 0),
        options=tuple(
            Option(number, tuple(remedy_words(one, language) for one in remedies if one.option == number))
            for number in whole.options
        ),
        chosen=whole.proposal.chosen_option,
        steps=tuple(
            ", ".join((step.what, written_days(step.due_earliest, step.due_latest, language)))
            for step in whole.chosen_steps
        ),
        conditions=whole.proposal.conditions,
    )


def _pledges(complaint: Complaint, settings: UnitSettings, language: str) -> list[Pledge]:
    today = _today(settings)
    pledges = []
    for one in promises_of(complaint):
        if one.state == PromiseState.RELEASED:
            continue
        delays = tuple(delay.reason for delay in one.delays.all())
        late = one.state == PromiseState.BROKEN or one.due_latest < today
        state = "done" if one.done_at else ("late" if late else ("moved" if delays else "open"))
        when = written_days(one.due_earliest, one.due_latest, language)
        pledges.append(Pledge(one.what, when, state, one.done_note, delays))
    return pledges


def _today(settings: UnitSettings) -> date:
    from amends.core import clock

    return clock.now().astimezone(ZoneInfo(settings.timezone)).date()


def _talk(complaint: Complaint, settings: UnitSettings) -> list[Said]:
    return [_said(one, settings) for one in messages_of(complaint) if visible(one)]


def visible(message: Message) -> bool:
    """Whether the customer may see this message: said to them or by them, and gone out. Never what is internal."""
    return message.direction in ("in", "out") and message.state in SHOWN_STATES


def _said(message: Message, settings: UnitSettings) -> Said:
    mine = message.direction == "in"
    author = message.author.name if message.author and not mine else ""
    return Said(
        mine=mine,
        title="" if mine or message.kind in PLAIN_KINDS else message.subject,
        who=message.from_name if mine else (author or settings.sender_name),
        at=message.at,
        text=message.text,
        files=tuple(message.attachments.all()),
    )


def file_for_customer(complaint: Complaint, attachment_id: int) -> Attachment | None:
    """A file of a message the customer can see in this very case, else None."""
    found = (
        Attachment.objects.select_related("message", "blob")
        .filter(pk=attachment_id, message__complaint=complaint)
        .first()
    )
    return found if found is not None and visible(found.message) else None
