"""The timeline in words: each record of the case becomes one sentence (PURE, names are passed in)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from amends.cases.public import Action, Direction, Message, MessageState, Outcome, Phase, TimelineItem
from amends.workspace.badges import kind_word
from amends.workspace.mailhtml import SHOWN_TYPES, ShownMail, shown
from amends.workspace.record_words import RECORD_WORDS

ICONS = {
    "email": "mail",
    "phone": "phone",
    "web": "world",
    "form": "world",
    "portal": "world",
    "chat": "message",
    "api": "link",
    "import": "file-import",
}
SECRET_PAGE = re.compile(r"https?://[^\s<>\"]{1,200}/[psc]/[0-9A-Za-z._~-]{24,200}/?")
SILENT = frozenset(
    {"message_sent", "message_delivered", "routed", "clocks_started", "clocks_stopped", "clocks_recomputed"}
    | {"alert_raised", "alert_climbed", "public_reply_written"}
)
"""Records that say nothing a person does not see anyway: in the message, the team or the clocks."""
FAILED = (MessageState.FAILED, MessageState.BOUNCED)
FROM_MACHINES = frozenset({"auto_reply_received", "delivery_notice_received"})
"""Records of mail that no person wrote: a small line, and the way to the mail as it came."""
ImageAddress = Callable[[int], str]
"""The address on this site of a file that is shown as an image."""


@dataclass(frozen=True, slots=True)
class File:
    """A file of a message."""

    id: int
    name: str
    size: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry as it is drawn; `kind` is in, out, note or event."""

    key: str
    kind: str
    icon: str
    at: datetime
    who: str
    text: str
    says: str = ""
    subject: str = ""
    state: str = ""
    state_reason: str = ""
    tone: str = ""
    language: str = ""
    files: tuple[File, ...] = ()
    message_id: int | None = None
    waits: bool = False
    held: bool = False
    unless_written: bool = False
    leaves_at: datetime | None = None
    failed: bool = False
    draft: bool = False
    protection: str = ""
    source_mail: int | None = None
    html: SafeString | str = ""
    blocked: int = 0
    new_day: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """Names behind the ids in the records."""

    people: Mapping[int, str]
    teams: Mapping[int, str]


def narrate(
    items: Sequence[TimelineItem], *, names: Names, zone: tzinfo, subject: str = "", image: ImageAddress | None = None
) -> list[Entry]:
    """The entries in the order of `items`; the first of each local day is marked, records nobody reads are left out.

    A message whose subject only repeats `subject`, that of the case, is shown without it.
    """
    entries: list[Entry] = []
    day = None
    for number, item in enumerate(items):
        today = item.at.astimezone(zone).date()
        entry = _entry(item, number=number, names=names, subject=subject, image=image, new_day=today != day)
        if entry is not None:
            entries.append(entry)
            day = today
    return entries


def _entry(
    item: TimelineItem, *, number: int, names: Names, subject: str, image: ImageAddress | None, new_day: bool
) -> Entry | None:
    if item.message is not None:
        return _message(item, subject=subject, image=image, new_day=new_day)
    text = _sentence(item.kind, item.data, names)
    if not text:
        return None
    who = item.actor_name if item.actor_kind != "system" else "Amends"
    kept = item.data.get("mail") if item.kind in FROM_MACHINES else None
    return Entry(
        key=f"e{number}",
        kind="event",
        icon=_event_icon(item.kind),
        at=item.at,
        who=who,
        text=text,
        source_mail=kept if isinstance(kept, int) else None,
        new_day=new_day,
    )


def _message(item: TimelineItem, *, subject: str, image: ImageAddress | None, new_day: bool) -> Entry:
    one = item.message
    assert one is not None
    kind = {Direction.IN: "in", Direction.OUT: "out"}.get(Direction(one.direction), "note")
    mail = _shown_mail(one, image)
    waits = kind == "out" and one.state == MessageState.QUEUED
    return Entry(
        key=f"m{one.pk}",
        kind=kind,
        icon=_message_icon(kind, one),
        at=one.at,
        who=item.actor_name or (one.from_address if kind == "in" else "Amends") or _("the customer"),
        text=_readable(one.text),
        says=_says(kind, one.kind, automatic=one.automatic),
        subject="" if kind == "note" or (subject and subject in one.subject) else one.subject,
        state=_state(one) if kind == "out" else "",
        state_reason=_(one.state_reason) if one.state_reason else "",
        tone=_tone(one) if kind == "out" else "",
        language=one.language,
        message_id=one.pk,
        waits=waits,
        held=waits and one.held_at is not None,
        unless_written=waits and one.unless_customer_writes,
        leaves_at=one.not_before if waits and one.held_at is None else None,
        failed=kind == "out" and one.state in FAILED,
        draft=kind == "out" and one.state == MessageState.CANCELLED and one.author_id is not None,
        protection=protection_words(one.protection),
        source_mail=one.source_mail,
        html=mail.html,
        blocked=mail.blocked,
        files=tuple(File(id=file.pk, name=file.name, size=file.blob.size) for file in one.attachments.all()),
        new_day=new_day,
    )


def _message_icon(kind: str, one: Message) -> str:
    if kind == "note":
        return "lock"
    return "robot" if one.automatic else ICONS.get(one.channel, "message")


def _state(one: Message) -> str:
    """Where an outgoing message is, in a word or two."""
    if one.state == MessageState.QUEUED:
        if one.held_at is not None:
            return _("Held back")
        if one.soft_bounces or one.attempts:
            return _("Is tried again")
    return str(MessageState(one.state).label)


def _tone(one: Message) -> str:
    if one.state in FAILED or one.held_at is not None:
        return "failed"
    return "sent" if one.state in (MessageState.SENT, MessageState.DELIVERED) else "waiting"


def _shown_mail(one: Message, image: ImageAddress | None) -> ShownMail:
    """The message's HTML with its own images in place, when there are any."""
    if image is None or one.direction == Direction.OUT or "<img" not in one.html:
        return ShownMail(SafeString(""), 0)
    files = [file for file in one.attachments.all() if file.content_id and file.content_type in SHOWN_TYPES]
    return shown(one.html, {file.content_id.strip("<>"): image(file.pk) for file in files})


def protection_words(protection: str) -> str:
    """How a mail was signed or encrypted, in words; nothing is verified, and they say so by saying no more."""
    scheme, _underscore, state = protection.partition("_")
    name = {"smime": "S/MIME", "pgp": "PGP"}.get(scheme)
    if name is None:
        return ""
    words = {
        "signed": _("signed with %(scheme)s"),
        "encrypted": _("encrypted with %(scheme)s"),
        "both": _("signed and encrypted with %(scheme)s"),
    }
    return words[state] % {"scheme": name} if state in words else name


def _readable(text: str) -> str:
    """The words without the secret of the customer's page: whoever has it could answer in the customer's name."""
    return SECRET_PAGE.sub(_("[link to the customer's page]"), text)


def _says(direction: str, kind: str, *, automatic: bool) -> str:
    if direction == "note":
        return _("call note") if kind == "call" else _("internal note")
    if direction == "in":
        return _("called") if kind == "call" else _("wrote")
    words = {
        "acknowledgement": _("acknowledged"),
        "proposal": _("proposed"),
        "survey": _("asked how it went"),
        "check_in": _("checked in"),
        "letter": _("sent a letter"),
        "resolved": _("told the outcome"),
        "handoff_notice": _("told who takes over"),
        "delay_notice": _("explained a delay"),
    }
    return words.get(kind) or (_("sent automatically") if automatic else _("replied"))


def _event_icon(kind: str) -> str:
    icons = {
        "owner_changed": "user",
        "team_changed": "users",
        "phase_changed": "arrow-up-right",
        "points_confirmed": "check",
        "escalated": "arrow-up-right",
    }
    return icons.get(
        kind,
        "alert-triangle" if "breach" in kind or "failed" in kind else "clock" if kind.startswith("clock") else "flag",
    )


def _phase(data: Mapping[str, Any], names: Names) -> str:
    del names
    if data.get("action") == Action.RESOLVE and data.get("outcome") in Outcome.values:
        return _("Resolved: %(outcome)s") % {"outcome": Outcome(data["outcome"]).label}
    after = data.get("after")
    if data.get("action") == Action.REOPEN:
        return _("Reopened")
    return _("Now: %(phase)s") % {"phase": Phase(after).label} if after in Phase.values else ""


def _owner(data: Mapping[str, Any], names: Names) -> str:
    after = data.get("after")
    return (
        _("Given to %(name)s") % {"name": names.people.get(after, _("a colleague"))}
        if isinstance(after, int)
        else _("Given back to the team")
    )


def _team(data: Mapping[str, Any], names: Names) -> str:
    after = data.get("after")
    values = {"team": names.teams.get(after, "?") if isinstance(after, int) else "?", "tier": data.get("tier", 1)}
    return _("In the queue of %(team)s, tier %(tier)s") % values


def _escalated(data: Mapping[str, Any], names: Names) -> str:
    team = names.teams.get(data.get("to", 0))
    return _("Escalated to %(team)s") % {"team": team} if team else _("Escalated")


def _warned(data: Mapping[str, Any], names: Names) -> str:
    del names
    return _("Due soon: %(what)s") % {"what": kind_word(str(data.get("kind", "")))}


def _breached(data: Mapping[str, Any], names: Names) -> str:
    del names
    return _("Ran out: %(what)s") % {"what": kind_word(str(data.get("kind", "")))}


def _auto_reply(data: Mapping[str, Any], names: Names) -> str:
    del names
    return _("A colleague's automatic answer came") if data.get("of_colleague") else _("An automatic answer came")


def _linked(data: Mapping[str, Any], names: Names) -> str:
    del names
    if data.get("kind") == "same_mail":
        return _("The same mail went to another unit too; its case is linked")
    return _("It goes on from an earlier case") if data.get("newer") else _("It goes on in a new case")


def _decided(data: Mapping[str, Any], names: Names) -> str:
    del names
    words = {
        "representative": _("A mail of somebody else was taken in: they write for the customer"),
        "known": _("A mail of somebody else was taken in: another address of the people here"),
        "own_case": _("A mail of somebody else became a case of its own"),
        "discard": _("A mail of somebody else was discarded"),
    }
    return words.get(str(data.get("decision")), _("A mail of somebody else was decided about"))


def _stated(data: Mapping[str, Any], names: Names) -> str:
    del names
    values = {"fact": str(data.get("fact", "")).replace("_", " "), "value": data.get("value")}
    if data.get("value") is None:
        return _("Taken back for the deadlines: %(fact)s") % values
    if data.get("value") is True:
        return _("Stated for the deadlines: %(fact)s") % values
    return _("Stated for the deadlines: %(fact)s, %(value)s") % values


def _assessed(data: Mapping[str, Any], names: Names) -> str:
    from amends.workspace.templatetags.workspace import severity_word

    del names
    level = data.get("severity")
    words = [severity_word(level)] if level in (1, 2, 3, 4) else []
    category = data.get("category")
    words += [str(category).replace("_", " ")] if category else []
    words += [
        word
        for key, word in (
            ("safety", _("safety")),
            ("vulnerable", _("vulnerable")),
            ("legal_or_media", _("legal or media")),
        )
        if data.get(key)
    ]
    return (_("Assessed: %(what)s") % {"what": ", ".join(words)}) if words else _("Assessed")


def _sentence(kind: str, data: Mapping[str, Any], names: Names) -> str:
    spoken = {
        "phase_changed": _phase,
        "owner_changed": _owner,
        "team_changed": _team,
        "assessed": _assessed,
        "assessment_corrected": _assessed,
        "escalated": _escalated,
        "clock_warned": _warned,
        "clock_breached": _breached,
        "auto_reply_received": _auto_reply,
        "case_linked": _linked,
        "somebody_else_decided": _decided,
        "clock_fact_stated": _stated,
    }
    if kind in spoken:
        return spoken[kind](data, names)
    if kind in SILENT:
        return ""
    fallback = kind.replace("_", " ")
    return str(RECORD_WORDS.get(kind) or fallback[:1].upper() + fallback[1:])
