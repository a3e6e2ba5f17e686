"""The verbs of reviews: add and change sources, store what came, look into it, make a case of it."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from django.db import DataError, IntegrityError, transaction

from amends.accounts.public import SYSTEM, Actor, Permission, Unit
from amends.audit.public import record
from amends.cases.public import NewComplaint, Person, receive_message, register
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.text import clean, clean_line, shorten
from amends.intake.channels.reviews.connectors.base import Connector, Item
from amends.intake.channels.reviews.connectors.found import connector_of
from amends.intake.channels.reviews.models import Mention, MentionVersion, ReviewSource, SourceState
from amends.intake.channels.reviews.rules import ANSWER_WITHIN, unhappy_by
from amends.intake.channels.reviews.secrets import checked_reference
from amends.triage.public import assess

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)
TEXT_LIMIT = 50_000
RAW_TEXT_LIMIT = 20_000
HISTORY = timedelta(days=7)
"""By default, reviews published up to a week before a source is added become complaints; older ones are only kept."""


@dataclass(frozen=True, slots=True)
class NewSource:
    """What an administrator says of a source. `values` holds settings and references to secrets by their names."""

    name: str
    kind: str
    unit_id: int
    values: Mapping[str, str]
    threshold: int = 3
    contact: str = ""
    complaints_since: datetime | None = None
    every_minutes: int = 15


def add_source(*, actor: Actor, new: NewSource) -> ReviewSource:
    """Add a place that is read from now on.

    Raises:
        BadInput: something is missing or wrong.
        NotFound: the unit is not the actor's.
        Conflict: there is a source with this name.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    connector = connector_of(new.kind)
    settings, secrets = checked_values(connector, new.values)
    name, contact = clean_line(new.name)[:120], clean_line(new.contact)[:300]
    if not name:
        raise BadInput("Give the source a name.", field="name")
    if not 0 <= new.threshold <= 5:
        raise BadInput("The rating that counts as unhappy is a number from 0 to 5.", field="threshold")
    if not 1 <= new.every_minutes <= 1440:
        raise BadInput("A source is asked every 1 to 1440 minutes.", field="every_minutes")
    if not actor.sees_unit(new.unit_id) or not Unit.objects.filter(pk=new.unit_id).exists():
        raise NotFound
    now = clock.now()
    try:
        with transaction.atomic():
            source = ReviewSource.objects.create(
                name=name,
                kind=connector.key,
                unit_id=new.unit_id,
                settings=settings,
                secrets=secrets,
                threshold=new.threshold,
                contact=contact,
                complaints_since=new.complaints_since or now - HISTORY,
                every_minutes=new.every_minutes,
                next_fetch_at=now,
                created_at=now,
            )
            _record(actor, source, "review_source_added", {"kind": source.kind, "unit": source.unit_id})
    except IntegrityError as error:
        if "name" not in str(error):
            raise
        raise Conflict("There is a source with this name already: choose another.", field="name") from error
    return source


def checked_values(connector: Connector, values: Mapping[str, str]) -> tuple[dict[str, str], dict[str, str]]:
    """The settings and the references to secrets that a connector wants."""
    settings: dict[str, str] = {}
    secrets: dict[str, str] = {}
    for wanted in connector.wanted:
        value = clean_line(values.get(wanted.name, "")) or wanted.default
        if not value:
            if wanted.required:
                raise BadInput(f"This is missing: {wanted.label}.", field=wanted.name)
            continue
        if wanted.secret:
            secrets[wanted.name] = checked_reference(value, wanted.name)
        elif re.fullmatch(wanted.pattern, value):
            settings[wanted.name] = value
        else:
            raise BadInput(f"This does not have the form it should: {wanted.label}.", field=wanted.name)
    return settings, secrets


def pause_source(*, actor: Actor, source_id: int, paused: bool) -> ReviewSource:
    """Stop asking a source, or go on."""
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        source = locked_source(actor, source_id)
        source.state = SourceState.PAUSED if paused else SourceState.ACTIVE
        source.next_fetch_at = clock.now()
        source.save(update_fields=["state", "next_fetch_at"])
        _record(actor, source, "review_source_paused" if paused else "review_source_resumed", {})
    return source


def fetch_now(*, actor: Actor, source_id: int) -> ReviewSource:
    """Ask a source at once, also after errors for which it waits."""
    from amends.intake.channels.reviews.jobs import fetch_source_once

    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        source = locked_source(actor, source_id)
        source.state, source.next_fetch_at = SourceState.ACTIVE, clock.now()
        source.save(update_fields=["state", "next_fetch_at"])
        _record(actor, source, "review_source_fetched_by_hand", {})
        fetch_source_once(source.pk)
    return source


def locked_source(actor: Actor, source_id: int) -> ReviewSource:
    """A source of the actor's units, ours until the transaction ends."""
    source = ReviewSource.objects.select_for_update(no_key=True).filter(pk=source_id).first()
    if source is None or not actor.sees_unit(source.unit_id):
        raise NotFound
    return source


def _record(actor: Actor, source: ReviewSource, kind: str, data: dict[str, object]) -> None:
    record(actor=actor, chain=f"review_source:{source.pk}", kind=kind, data=data)


def store_items(source: ReviewSource, items: Sequence[Item], *, now: datetime) -> int:
    """Store what came, in the caller's transaction, with the job that looks into each new or changed one.

    Knows each by its id: the same item again only says that it is still there. One that cannot be stored does not stop
    the others. Returns how many could not be stored.
    """
    from amends.intake.channels.reviews.jobs import look_into

    failed = 0
    for item in items:
        try:
            with transaction.atomic():
                mention = Mention.objects.select_for_update().filter(source=source, external_id=known_id(item)).first()
                if mention is None:
                    mention = Mention(source=source, external_id=known_id(item), first_seen_at=now)
                if _take(mention, item, now):
                    look_into.defer(mention_id=mention.pk)
        except (DataError, IntegrityError, ValueError, OverflowError):
            failed += 1
            log.exception("a review could not be stored", source=source.pk, review=digest_of(item.external_id)[:16])
    return failed


def digest_of(text: str) -> str:
    """SHA-256 of a text of strangers, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()


def known_id(item: Item) -> str:
    """The id of an item as it is stored; one that is too long by its digest."""
    identity = clean(item.external_id)
    return identity if 0 < len(identity) <= 400 else digest_of(item.external_id)


def _take(mention: Mention, item: Item, now: datetime) -> bool:
    """Bring a mention up to what stands there now; True when its words or stars are new."""
    title, text = clean_line(item.title)[:500], clean(item.text).strip()[:TEXT_LIMIT]
    digest = digest_of(f"{item.rating}\x1f{title}\x1f{text}")
    changed = mention.digest != digest  # a new one has none yet
    if changed and mention.digest:
        MentionVersion.objects.create(
            mention=mention,
            number=mention.versions.count() + 1,
            rating=mention.rating,
            title=mention.title,
            text=mention.text,
            digest=mention.digest,
            until=now,
        )
    mention.digest, mention.rating, mention.title, mention.text = digest, item.rating, title, text
    mention.author, mention.handle = clean_line(item.author)[:300], clean_line(item.handle)[:300]
    mention.language = clean_line(item.language).replace("_", "-").lower()[:10]
    mention.url = item.url[:1000] if re.match(r"https?://[^\s\x00-\x1f]+\Z", item.url) else ""
    mention.published_at, mention.updated_at = item.published_at, item.updated_at
    mention.raw = storable(dict(item.raw))
    mention.seen_at, mention.gone_at = now, None
    if item.our_reply is not None:
        mention.reply_there = clean(item.our_reply)[:TEXT_LIMIT]
        mention.answered_at = mention.answered_at or item.our_reply_at or now
    mention.attempts = 0 if changed else mention.attempts
    mention.save()
    return changed


def storable(value: object, depth: int = 0) -> object:
    """JSON of strangers as PostgreSQL can keep it: no NUL, no lone surrogates, not endlessly deep or long."""
    if isinstance(value, str):
        return clean(value)[:RAW_TEXT_LIMIT]
    if depth > 20:
        return None
    if isinstance(value, Mapping):
        return {clean(str(name))[:200]: storable(one, depth + 1) for name, one in list(value.items())[:500]}
    if isinstance(value, list | tuple):
        return [storable(one, depth + 1) for one in value[:1000]]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if isinstance(value, int | bool) or value is None else str(value)[:200]


def mark_gone(*, mention_id: int) -> bool:
    """Note that a review is not there any more; True when this call did. Its case goes on."""
    with transaction.atomic():
        mention = Mention.objects.select_for_update().filter(pk=mention_id, gone_at=None).first()
        if mention is None:
            return False
        mention.gone_at = clock.now()
        mention.save(update_fields=["gone_at"])
        if mention.complaint_id is not None:
            record(
                actor=SYSTEM,
                chain=f"complaint:{mention.complaint_id}",
                kind="review_gone",
                data={"mention": mention.pk},
            )
    return True


def look_into_mention(*, mention_id: int) -> str:
    """Decide what a new or changed review is: a complaint, a message in its case, or only kept. Safe to repeat.

    Returns `registered`, `added`, `kept` or `nothing`.
    """
    with transaction.atomic():
        mention = Mention.objects.select_for_update(of=("self",)).select_related("source").filter(pk=mention_id).first()
        if mention is None or mention.understood_digest == mention.digest:
            return "nothing"
        assessment = assess(mention.text, channel="review", subject=mention.title, language_hint=mention.language[:2])
        mention.why = unhappy_by(rating=mention.rating, threshold=mention.source.threshold, label=assessment.label)
        mention.unhappy = bool(mention.why)
        mention.language = mention.language or assessment.language
        done = "kept"
        if mention.complaint_id is not None:
            _add_to_case(mention)
            done = "added"
        elif mention.unhappy and _recent(mention):
            _register(SYSTEM, mention)
            done = "registered"
        mention.understood_digest = mention.digest
        mention.save(update_fields=["why", "unhappy", "language", "understood_digest", "complaint"])
    return done


def make_case(*, actor: Actor, mention_id: int) -> Mention:
    """Make a complaint of a review that did not become one by itself.

    Raises:
        NotFound: it is not the actor's to see.
    """
    actor.require(Permission.CASE_REGISTER)
    with transaction.atomic():
        mention = Mention.objects.select_for_update(of=("self",)).select_related("source").filter(pk=mention_id).first()
        if mention is None or not actor.sees_unit(mention.source.unit_id):
            raise NotFound
        if mention.complaint_id is None:
            _register(actor, mention)
            mention.unhappy, mention.understood_digest = True, mention.digest
            mention.save(update_fields=["complaint", "unhappy", "understood_digest"])
    return mention


def _recent(mention: Mention) -> bool:
    """Whether it belongs to the present. An undated one does, unless it was there when we first came by ourselves."""
    moment = mention.updated_at or mention.published_at
    if moment is not None:
        return moment >= mention.source.complaints_since
    if not connector_of(mention.source.kind).capabilities.fetches:
        return True
    return mention.source.last_full_at is not None and mention.first_seen_at > mention.source.last_full_at


def _register(actor: Actor, mention: Mention) -> None:
    source = mention.source
    rated = f" ({mention.rating}/5)" if mention.rating else ""
    attributes: dict[str, object] = {"review_source": source.name, "review_kind": source.kind, "mention": mention.pk}
    attributes["public_answer_due"] = (mention.first_seen_at + ANSWER_WITHIN).isoformat()
    if mention.rating:
        attributes["rating"] = mention.rating
    if mention.url:
        attributes["review_url"] = mention.url
    if mention.published_at:
        attributes["published_at"] = mention.published_at.isoformat()
    registration = register(
        actor=actor,
        new=NewComplaint(
            channel="review",
            complainant=Person(name=mention.author, user_name=mention.handle[:100], language=mention.language),
            unit_id=source.unit_id,
            subject=shorten(mention.title or mention.text, 200) or f"{source.name}{rated}",
            text=mention.text or mention.title,
            attributes=attributes,
            source=f"review:{source.pk}",
            key=digest_of(mention.external_id),
            received_at=mention.first_seen_at if actor is SYSTEM else None,
        ),
    )
    mention.complaint = registration.complaint


def _add_to_case(mention: Mention) -> None:
    """The changed review is something the customer says now."""
    stars = f"{'★' * mention.rating}{'☆' * (5 - mention.rating)}\n" if mention.rating else ""
    words = "\n\n".join(filter(None, (mention.title, mention.text)))
    if not (stars or words) or mention.complaint_id is None:
        return
    receive_message(
        actor=SYSTEM,
        complaint_id=mention.complaint_id,
        channel="review",
        text=f"{stars}{words}",
        from_name=mention.author,
        message_id=f"review.{mention.pk}.{mention.versions.count() + 1}",
    )
