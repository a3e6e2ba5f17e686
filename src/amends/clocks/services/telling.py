"""What the customer knows of our dates: a date that was told never moves silently."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import F
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, points_of, queue_message, recipient_address, responsible_ids
from amends.clocks.models import Clock, PointPart
from amends.clocks.rulewords import End, Missed
from amends.core import clock
from amends.notifications.public import tell
from amends.voice.public import (
    day_words,
    letter_context,
    letter_language,
    local_day,
    quoted,
    render,
    repeatable,
)

TIME_TO_WRITE_YOURSELF = timedelta(minutes=10)
"""How long the letter about a moved date waits, so that a person can write a better one or cancel it."""


def _told_of(complaint_id: int) -> list[Clock]:
    """The clocks whose end a customer hears as a day: those of ours that run and end with a day."""
    return list(
        Clock.objects.filter(complaint_id=complaint_id, stopped_at=None, missed=Missed.BREACH.value)
        .exclude(ends=End.INSTANT.value)
        .order_by("due_at", "id")
    )


def note_told(*, complaint_id: int) -> int:
    """Remember that the customer now knows the dates as they are; how many are new to them."""
    waiting = [one.pk for one in _told_of(complaint_id) if one.told_due_at is None]
    return Clock.objects.filter(pk__in=waiting, told_due_at=None).update(told_due_at=F("due_at")) if waiting else 0


def tell_of_moved(*, actor: Actor, clock_id: int, by_letter: bool) -> bool:
    """A date the customer knows has become a later one: write to them, tell whoever has the case, keep it in the record.

    The letter waits some minutes, so that a person can write a better one. Without `by_letter` the person who has the
    case writes it, because the regime wants reasons that only they know. Whether there was anything to tell.
    """
    one = Clock.objects.select_related("complaint__unit").get(pk=clock_id)
    if one.told_due_at is None or one.due_at <= one.told_due_at:
        return False
    complaint, told = one.complaint, one.told_due_at
    record(
        actor=actor,
        chain=f"complaint:{complaint.pk}",
        kind="told_date_moved",
        data={"clock": one.pk, "kind": one.kind, "told": told.isoformat(), "due": one.due_at.isoformat()},
    )
    key = f"date_changed:{one.pk}:{one.due_at.date().isoformat()}"
    written = by_letter and _write_moved(complaint, one, key)
    tell(
        users=responsible_ids(complaint),
        kind="told_date_moved",
        title=lambda: (
            (
                _("%(reference)s: a date the customer knows has moved; a letter explains it in ten minutes")
                if written
                else _("%(reference)s: a date the customer knows has moved; tell them why")
            )
            % {"reference": complaint.reference}
        ),
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=key,
    )
    if written:
        Clock.objects.filter(pk=one.pk).update(told_due_at=one.due_at)
    return True


def take_over_told(*, actor: Actor, given_up: Clock, by_letter: bool) -> bool:
    """A date the customer knows belongs to a clock that no longer applies: the one in its place inherits it.

    So another choice of rules never moves it silently either. Where a mixed complaint was split, the letter about its
    parts says what holds now. Whether another clock took it over.
    """
    running = [one for one in _told_of(given_up.complaint_id) if (one.kind == given_up.kind) and not one.part]
    if not running:
        return False
    after = next((one for one in running if one.told_due_at is None), None)
    if after is None:
        return False  # the customer knows the date of every clock there is
    Clock.objects.filter(pk=after.pk).update(told_due_at=given_up.told_due_at)
    tell_of_moved(actor=actor, clock_id=after.pk, by_letter=by_letter)
    return True


def _write_moved(complaint: Complaint, one: Clock, purpose: str) -> bool:
    if not recipient_address(complaint):
        return False
    language = letter_language(complaint)
    zone = unit_settings(complaint.unit_id).timezone
    assert one.told_due_at is not None
    context = letter_context(complaint, language=language) | {
        "old_due": day_words(local_day(one.told_due_at, zone), language),
        "new_due": day_words(local_day(one.due_at, zone), language),
    }
    letter = render("date_changed", language, context)
    queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind="date_changed",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        purpose=purpose[:80],
        language=letter.language,
        automatic=True,
        not_before=clock.now() + TIME_TO_WRITE_YOURSELF,
    )
    return True


def tell_of_split(*, actor: Actor, complaint: Complaint) -> bool:
    """Tell the customer, once, by when which part of a mixed complaint is answered; whether a letter was written."""
    parts = [one for one in _told_of(complaint.pk) if one.part]
    if len({one.part for one in parts}) < 2:
        return False
    if not recipient_address(complaint):
        tell(
            users=responsible_ids(complaint),
            kind="letter_owed",
            title=lambda: (
                _("%(reference)s: tell the customer by when which part is answered")
                % {"reference": complaint.reference}
            ),
            url=f"/cases/{complaint.reference}/",
            complaint_id=complaint.pk,
            key=f"clock_split:{complaint.pk}",
        )
        return False
    language = letter_language(complaint)
    zone = unit_settings(complaint.unit_id).timezone
    words = dict(PointPart.objects.filter(point__complaint=complaint).values_list("point_id", "part"))
    of_part: dict[str, list[str]] = {}
    for point in points_of(complaint):
        of_part.setdefault(words.get(point.pk, ""), []).append(quoted(repeatable(point.words), language))
    last: dict[str, Clock] = {one.part: one for one in parts}  # in the order of their due dates: the latest stays
    lines = [
        f"{day_words(local_day(one.due_at, zone), language)}: {'; '.join(of_part.get(part, [])) or one.titles.get(language, part)}"
        for part, one in last.items()
    ]
    letter = render("clock_split", language, letter_context(complaint, language=language) | {"parts": lines})
    queue_message(
        actor=actor,
        complaint_id=complaint.pk,
        kind="clock_split",
        subject=letter.subject,
        text=letter.text,
        html=letter.html,
        purpose="clock_split",
        language=letter.language,
        automatic=True,
    )
    note_told(complaint_id=complaint.pk)
    return True
