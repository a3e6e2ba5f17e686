"""The verbs around calls: what the telephone system tells, which calls somebody may see, and calling back."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction
from django.db.models import Q, QuerySet

from amends.accounts.public import Actor, Permission, Unit, User, unit_settings
from amends.audit.public import record
from amends.cases.public import access_complaint
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.events import publish
from amends.core.news import announce
from amends.core.text import clean_line, normalise_email
from amends.intake.channels.phone.callers import best_time_of, open_case_of
from amends.intake.channels.phone.models import Direction, PhoneCall
from amends.intake.channels.phone.numbers import normalise, tail
from amends.intake.channels.phone.states import CallEvent, CallState, Times, event_named, state_of, with_event
from amends.intake.events import CallerReached, CallMissed
from amends.intake.webhooks.consumers import Mapped
from amends.intake.webhooks.mapping import moment_of

NEWS = "calls"
"""In the place of a case's id: open pages that show calls look again."""


def take_event(mapped: Mapped) -> str:
    """One event of a telephone system, in whatever order; the call it belongs to is made when it is new.

    Raises:
        BadInput: the event is unknown, or the recording's address is not https.
    """
    fields = mapped.fields
    event = event_named(fields["event"])
    recording = _recording(fields.get("recording_url", ""))
    moment = min(moment_of(fields.get("at", "")) or mapped.received_at, mapped.received_at)
    with transaction.atomic():
        call = _call_of(mapped, moment)
        times = Times(call.ringing_at, call.answered_at, call.ended_at)
        times = with_event(times, event, moment)
        call.ringing_at, call.answered_at, call.ended_at = times.ringing, times.answered, times.ended
        _learn(call, mapped, recording)
        before, call.state = call.state, state_of(times, call.direction)
        call.first_at = min(call.first_at, moment)
        call.save()
        if event is CallEvent.ANSWERED:
            _others_are_called_back(call, moment)
        if call.state == CallState.MISSED and before != CallState.MISSED:
            _say_that_it_was_missed(call)
        announce_calls(call)
    return f"call:{call.pk}"


def _say_that_it_was_missed(call: PhoneCall) -> None:
    """Nobody is asked to ring whom somebody has spoken to since, or who withheld their number."""
    since = PhoneCall.objects.filter(tail=call.tail, answered_at__gt=call.first_at)
    if not call.tail or since.exists():
        return
    complaint = open_case_of(call.number)
    publish(
        CallMissed(
            call_id=call.pk,
            unit_id=call.unit_id,
            number=call.number,
            tail=call.tail,
            at=call.first_at,
            complaint_id=complaint.pk if complaint else None,
            best_time=best_time_of(call.tail, complaint),
        )
    )


def _call_of(mapped: Mapped, moment: datetime) -> PhoneCall:
    """The call of an event, locked."""
    key = clean_line(mapped.fields["call_id"])[:200]
    PhoneCall.objects.bulk_create(
        [
            PhoneCall(
                webhook_id=mapped.webhook_id,
                call_key=key,
                unit_id=mapped.unit_id,
                direction=_direction(mapped.fields.get("direction", "")),
                state="ringing",
                first_at=moment,
            )
        ],
        ignore_conflicts=True,
    )
    return PhoneCall.objects.select_for_update(of=("self",)).get(webhook_id=mapped.webhook_id, call_key=key)


def _direction(word: str) -> str:
    lowered = word.lower()
    return Direction.OUT if lowered.startswith("out") else Direction.IN


def _learn(call: PhoneCall, mapped: Mapped, recording: str) -> None:
    """Fill in what this event knows and earlier ones did not."""
    fields = mapped.fields
    if fields.get("direction"):
        call.direction = _direction(fields["direction"])
    theirs, ours = fields.get("number", ""), fields.get("to", "")
    if call.direction == Direction.OUT:
        theirs, ours = ours or theirs, theirs if ours else ""
    country = unit_settings(mapped.unit_id).country
    if theirs:
        call.number = normalise(theirs, country)
        call.tail = tail(call.number)
    if ours:
        call.our_number = normalise(ours, country)
        call.unit_id = _unit_of(call.our_number, mapped.unit_id)
    call.extension = clean_line(fields.get("extension", ""))[:40] or call.extension
    call.recording_url = recording or call.recording_url
    agent = _agent(fields.get("agent", ""))
    call.agent_id = agent or call.agent_id


def _unit_of(our_number: str, unit_id: int) -> int:
    """The unit whose number was rung, at or below the webhook's unit."""
    end = tail(our_number)
    if not end:
        return unit_id
    path = unit_settings(unit_id).path
    units = Unit.objects.filter(path__startswith=path).exclude(phone="").order_by("-path")
    return next((one.pk for one in units if tail(one.phone) == end), unit_id)


def _agent(text: str) -> int | None:
    """The colleague a telephone system names, by e-mail address or by the end of their direct number."""
    if "@" in text:
        return User.objects.filter(email=normalise_email(text), is_active=True).values_list("pk", flat=True).first()
    end = tail(text)
    if not end:
        return None
    people = User.objects.filter(is_active=True).exclude(phone="").only("pk", "phone")
    return next((one.pk for one in people if tail(one.phone) == end), None)


def _recording(address: str) -> str:
    if not address:
        return ""
    address = clean_line(address)
    try:
        parts = urlsplit(address)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme != "https" or not parts.hostname or len(address) > 1000:
        raise BadInput("The address of a recording must begin with https:// and have at most 1,000 characters.")
    return address


def _others_are_called_back(call: PhoneCall, at: datetime) -> None:
    """Whoever is spoken to has been called back: their missed calls leave the list."""
    if call.tail:
        missed = PhoneCall.objects.filter(unit_id=call.unit_id, tail=call.tail, state="missed", called_back_at=None)
        missed.filter(first_at__lte=at).update(called_back_at=at, called_back_by_id=call.agent_id)
        publish(CallerReached(tail=call.tail, at=at, by_id=call.agent_id, call_id=call.pk))


def number_reached(*, end: str, at: datetime, by_id: int | None) -> int:
    """Take the missed calls of a number off the list, because somebody spoke to it another way; how many there were."""
    if not end:
        return 0
    missed = PhoneCall.objects.filter(tail=end, state=CallState.MISSED, called_back_at=None, first_at__lte=at)
    rows = list(missed.select_for_update(of=("self",)))
    PhoneCall.objects.filter(pk__in=[one.pk for one in rows]).update(called_back_at=at, called_back_by_id=by_id)
    for one in rows:
        announce_calls(one)
    return len(rows)


def announce_calls(call: PhoneCall) -> None:
    """Tell open pages of people who may see this unit's calls."""
    announce("case_changed", complaint=NEWS, unit=call.unit_id, team=None)


def visible_calls(actor: Actor) -> QuerySet[PhoneCall]:
    """The calls of the units this actor sees, and their own."""
    actor.require(Permission.CASE_VIEW)
    found = PhoneCall.objects.select_related("unit", "agent", "complaint")
    if actor.kind != "system" and actor.unit_ids is not None:
        found = found.filter(Q(unit_id__in=actor.unit_ids) | Q(agent_id=actor.user_id or 0))
    return found.order_by("-first_at", "-id")


def access_call(actor: Actor, number: int) -> PhoneCall:
    """One of them.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    call = visible_calls(actor).filter(pk=number).first() if 0 < number < 2**63 else None
    if call is None:
        raise NotFound
    return call


def called_back(*, actor: Actor, call_id: int) -> bool:
    """Take a missed call off the list; True when this call did."""
    actor.require(Permission.CASE_WORK)
    with transaction.atomic():
        call = access_call(actor, call_id)
        won = PhoneCall.objects.filter(pk=call.pk, state="missed", called_back_at=None).update(
            called_back_at=clock.now(), called_back_by_id=actor.user_id
        )
        if won:
            record(actor=actor, chain=f"call:{call.pk}", kind="call_back_done", data={"call": call.pk})
            announce_calls(call)
            publish(CallerReached(tail=call.tail, at=clock.now(), by_id=actor.user_id, call_id=call.pk))
    return bool(won)


def join_case(*, actor: Actor, call_id: int, complaint_id: int) -> None:
    """Say which case a call was about."""
    with transaction.atomic():
        call = access_call(actor, call_id)
        complaint = access_complaint(actor, complaint_id)
        PhoneCall.objects.filter(pk=call.pk).update(complaint=complaint)
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="call_joined",
            data={"call": call.pk, "recording": bool(call.recording_url)},
        )
        announce_calls(call)
