"""The verbs of call-backs: plan one, note an attempt, and never let one be forgotten."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo, available_timezones

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, unit_settings
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint, access_complaint, add_note, announce_change, visible_complaints
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.text import clean, clean_line
from amends.intake.public import number_reached, number_tail
from amends.notifications.public import raise_alert
from amends.routing import services
from amends.routing.callback_models import (
    AttemptOutcome,
    CallAttempt,
    CallBack,
    CallBackState,
    CallBackWhy,
)
from amends.routing.callback_rules import BestTime, Outcome, next_attempt, read_call_back_rules
from amends.routing.selectors import people_above, people_of

BATCH = 200
LIST_LIMIT = 200


def plan_call_back(
    *,
    actor: Actor,
    complaint_id: int,
    number: str = "",
    why: str = CallBackWhy.ASKED,
    due_at: datetime | None = None,
    timezone: str = "",
    earliest: time | None = None,
    latest: time | None = None,
) -> CallBack:
    """Owe the customer a call.

    Args:
        number: the complainant's own when it is empty.
        due_at: else within the rules' time, and in both cases not before the customer's hours.
        timezone: the customer's; the unit's when it is empty.

    Raises:
        BadInput: there is no number, the time zone is unknown, or the hours are not in order.
        Conflict: a call is owed already, in this case or to this number.
    """
    if actor.kind != "system":
        actor.require(Permission.CASE_WORK)
    rules = read_call_back_rules()
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        best = _best(complaint, timezone, earliest, latest)
        number = clean_line(number)[:80] or _phone_of(complaint)
        if not any(sign.isdigit() for sign in number):
            raise BadInput("Give a phone number: none is known in this case.", field="number")
        end = number_tail(number)
        try:
            with transaction.atomic():
                # Whoever rang before we knew their case is rung for this one.
                CallBack.objects.filter(state=CallBackState.OPEN, complaint=None, tail=end).exclude(tail="").update(
                    state=CallBackState.MERGED, ended_at=clock.now()
                )
                made = CallBack.objects.create(
                    complaint=complaint,
                    unit_id=complaint.unit_id,
                    number=number,
                    tail=end,
                    best_time=clean_line(str(complaint.attributes.get("best_time_to_call", "")))[:200],
                    why=CallBackWhy(why),
                    timezone=best.timezone,
                    earliest=best.earliest,
                    latest=best.latest,
                    due_at=best.next_from(due_at or clock.now() + timedelta(minutes=rules.first_within_minutes)),
                    made_by_id=actor.user_id,
                )
        except IntegrityError as error:
            if "call_back_one_open_number" in str(error):
                raise Conflict("A call to this number is owed already.") from error
            if "call_back_one_open" not in str(error):
                raise
            raise Conflict("A call is owed in this case already.") from error
        data = {"call_back": made.pk, "why": made.why, "due": made.due_at.isoformat()}
        record(actor=actor, chain=f"complaint:{complaint.pk}", kind="call_back_planned", data=data)
        announce_change(complaint)
    return made


def _best(complaint: Complaint, timezone: str, earliest: time | None, latest: time | None) -> BestTime:
    zone = clean_line(timezone) or unit_settings(complaint.unit_id).timezone
    if zone not in available_timezones():
        raise BadInput("This time zone is not known; write one such as Europe/London.", field="timezone")
    if (earliest is None) != (latest is None) or (earliest is not None and latest is not None and earliest >= latest):
        raise BadInput("Give both hours, the earlier one first.", field="earliest")
    return BestTime(zone, earliest, latest)


def _phone_of(complaint: Complaint) -> str:
    person = complaint.representative or complaint.customer
    return clean_line(person.phone)[:80]


def plan_for_unhappy(*, complaint_id: int) -> CallBack | None:
    """Owe a call to an unhappy customer who has a phone number; None when the rules do not ask for it or one was owed."""
    complaint = access_complaint(SYSTEM, complaint_id)
    wanted = read_call_back_rules().unhappy.holds(
        sentiment=complaint.sentiment, severity=complaint.severity, channel=complaint.channel
    )
    if not wanted or complaint.phase not in OPEN_PHASES or not any(sign.isdigit() for sign in _phone_of(complaint)):
        return None
    if CallBack.objects.filter(complaint=complaint).exists():
        return None
    try:
        return plan_call_back(actor=SYSTEM, complaint_id=complaint_id, why=CallBackWhy.UNHAPPY)
    except Conflict:
        return None  # this number is rung already, for another case of the same customer


def access_call_back(actor: Actor, call_back_id: int, *, lock: bool = False) -> CallBack:
    """One call-back in a case the actor may see, or without a case in their unit.

    Raises:
        NotFound: there is none, or it is not theirs to see.
    """
    rows = CallBack.objects.select_for_update(of=("self",)) if lock else CallBack.objects.all()
    found = rows.select_related("complaint").filter(pk=call_back_id).first()
    if found is None:
        raise NotFound
    if found.complaint_id is not None:
        access_complaint(actor, found.complaint_id)
    elif not actor.can(Permission.CASE_VIEW) or not actor.sees_unit(found.unit_id or 0):
        raise NotFound
    return found


def note_attempt(*, actor: Actor, call_back_id: int, outcome: str, note: str = "") -> CallBack:
    """Say how an attempt ended: the next one is planned, or the call-back ends.

    Whoever was reached gets a note of the call in their case. After a wrong number, or when the rules' attempts are used
    up, the owner is asked to write.

    Raises:
        BadInput: an unknown outcome, or nothing written about a conversation.
        Conflict: it has ended already.
    """
    actor.require(Permission.CASE_WORK)
    note = clean(note).strip()
    if outcome not in AttemptOutcome.values:
        raise BadInput(f"Choose how it ended: {', '.join(AttemptOutcome.values)}.", field="outcome")
    if outcome == AttemptOutcome.REACHED and not note:
        raise BadInput("Write what was said, so that nobody has to ask again.", field="note")
    with transaction.atomic():
        one = access_call_back(actor, call_back_id, lock=True)
        if one.state != CallBackState.OPEN:
            raise Conflict("This call-back has ended already: load the page again.")
        now = clock.now()
        CallAttempt.objects.create(call_back=one, outcome=outcome, note=note, by_id=actor.user_id, at=now)
        _go_on(one, Outcome(outcome), now)
        record(
            actor=actor,
            chain=chain_of(one),
            kind="call_attempted",
            data={"call_back": one.pk, "outcome": outcome, "state": one.state},
        )
        if one.state in (CallBackState.REACHED, CallBackState.REFUSED) and one.tail:
            number_reached(end=one.tail, at=now, by_id=actor.user_id)
        if one.complaint is not None:
            if outcome == AttemptOutcome.REACHED:
                add_note(actor=actor, complaint_id=one.complaint.pk, text=note, kind="call")
            announce_change(one.complaint)
    return one


def chain_of(one: CallBack) -> str:
    """Where the record keeps what happened: with the case, else with the call that was missed."""
    return f"complaint:{one.complaint_id}" if one.complaint_id else f"call:{one.call_id}"


def _go_on(one: CallBack, outcome: Outcome, now: datetime) -> None:
    """Plan the next attempt or end it."""
    attempts = one.attempts.count()
    best = BestTime(one.timezone, one.earliest, one.latest)
    again = next_attempt(outcome, attempts=attempts, now=now, best=best, rules=read_call_back_rules())
    if again is not None:
        one.due_at, one.alarmed_at = again, None
    else:
        ends = {Outcome.REACHED: CallBackState.REACHED, Outcome.REFUSED: CallBackState.REFUSED}
        one.state, one.ended_at = ends.get(outcome, CallBackState.LETTER), now
    one.save(update_fields=["due_at", "alarmed_at", "state", "ended_at"])
    if one.state == CallBackState.LETTER and one.complaint_id is not None:
        services.alert_owner(
            complaint_id=one.complaint_id,
            kind="call_back",
            what=lambda: _("nobody could be reached by phone: write a letter"),
            key=f"call_back:{one.pk}:letter",
        )


def open_call_backs(actor: Actor, *, until: datetime) -> list[CallBack]:
    """The calls owed until then that the actor may see, by case or else by unit, the longest overdue first (3 queries)."""
    mine = Q(complaint__in=visible_complaints(actor))
    without = Q(complaint=None) if actor.unit_ids is None else Q(complaint=None, unit_id__in=actor.unit_ids)
    rows: QuerySet[CallBack] = CallBack.objects.filter(mine | without, state=CallBackState.OPEN, due_at__lt=until)
    rows = rows.select_related(
        "complaint__customer", "complaint__representative", "complaint__owner", "complaint__unit", "unit"
    )
    return list(rows.prefetch_related("attempts__by").order_by("due_at", "id")[:LIST_LIMIT])


def call_backs_of(complaint: Complaint) -> list[CallBack]:
    """The call-backs of a case, newest first (2 queries)."""
    return list(CallBack.objects.filter(complaint=complaint).prefetch_related("attempts__by").order_by("-id"))


def script_for(language: str) -> tuple[str, ...]:
    """What to say, in the agent's language; English when there is none."""
    script = read_call_back_rules().script
    return script.get(language.split("-", maxsplit=1)[0]) or script["en"]


def end_of_today(zone: str, *, now: datetime | None = None) -> datetime:
    """The coming midnight on the clocks of this zone."""
    local = (now or clock.now()).astimezone(ZoneInfo(zone))
    return datetime.combine(local.date() + timedelta(days=1), time(0), ZoneInfo(zone))


def alarm_overdue(*, now: datetime | None = None) -> int:
    """Raise an alarm for each attempt that is overdue, once for each due time; how many. Safe with any number at once."""
    moment = now or clock.now()
    late = moment - timedelta(minutes=read_call_back_rules().overdue_minutes)
    due = CallBack.objects.filter(state=CallBackState.OPEN, due_at__lte=late, alarmed_at=None)
    raised = 0
    for one in due.select_related("complaint__unit", "unit")[:BATCH]:
        with transaction.atomic():
            won = CallBack.objects.filter(pk=one.pk, state=CallBackState.OPEN, due_at=one.due_at, alarmed_at=None)
            if won.update(alarmed_at=moment):
                _alarm(one)
                raised += 1
    return raised


def _alarm(one: CallBack) -> None:
    complaint = one.complaint
    if complaint is None:
        assert one.unit is not None  # the database says so: one of the two is there
        people, first = people_above(one.unit), people_above(one.unit)["leads"]
    else:
        people = people_of(complaint)
        first = people["owner"] or people["team"]
    # Somebody's number is personal: without a case there is nothing to call them by.
    what = complaint.reference if complaint is not None else one.unit.name if one.unit else ""
    raise_alert(
        levels=[first, people["leads"], people["directors"], people["administrators"]],
        kind="call_back",
        title=lambda: f"{what}: " + _("a call to the customer is overdue"),
        url=f"/cases/{complaint.reference}/#panel-callback" if complaint is not None else "/callbacks/",
        complaint_id=one.complaint_id,
        key=f"call_back:{one.pk}:{one.due_at.isoformat()}",
        minutes=30,
    )
