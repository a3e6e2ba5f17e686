"""Being here, away or off shift: saying so, and giving back what somebody leaves behind."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, TeamMember
from amends.audit.public import record
from amends.cases.public import OPEN_PHASES, Complaint, Direction, Message, MessageState, assign
from amends.core import clock
from amends.core.errors import BadInput
from amends.routing.attendance import Places, first_teams, schedule_of, standing
from amends.routing.desk import access_person
from amends.routing.models import Assigns, PresenceWord, TeamDesk, Worker
from amends.routing.presence import LONGEST, OFF, usual_end

BATCH = 200
STAMP_EVERY = timedelta(minutes=1)
NO_TEAM, WAITS_FOR_CUSTOMER, ANSWER_ON_ITS_WAY = "no_team", "waits_for_customer", "answer_on_its_way"


def seen(*, user_id: int, now: datetime | None = None) -> bool:
    """They used a page; stamped at most once a minute. True when it was stamped (1 query, 2 the first time)."""
    now = now or clock.now()
    old = Q(last_seen=None) | Q(last_seen__lt=now - STAMP_EVERY)
    if Worker.objects.filter(old, user_id=user_id).update(last_seen=now):
        return True
    _worker, created = Worker.objects.get_or_create(user_id=user_id, defaults={"last_seen": now})
    return created


def say_presence(
    *,
    actor: Actor,
    word: str,
    until: datetime | None = None,
    user_id: int | None = None,
    now: datetime | None = None,
) -> int:
    """Say of oneself, or of somebody whose work one arranges: here, away, off shift, or nothing (hours and pages tell).

    Off shift gives back what nobody answered; how many cases. Without `until`, here holds for twelve hours as long as
    pages are used, away for one hour, and off shift until their hours begin again.

    Raises:
        BadInput: the word is not known, the time is not within the next 92 days, or no person says it.
        NotFound: it is about somebody whose work the actor does not arrange.
    """
    if word not in ("", *PresenceWord.values):
        raise BadInput(_("Say here, away or off."), field="presence")
    now = now or clock.now()
    about = user_id if user_id is not None else actor.user_id
    if about is None:
        raise BadInput(_("Only a member of staff is here or away."), field="presence")
    if about != actor.user_id:
        access_person(actor, about)
    if until is not None and not now < until <= now + LONGEST:
        raise BadInput(_("Choose a time within the next %(days)s days.") % {"days": LONGEST.days}, field="until")
    with transaction.atomic():
        # The worker's row is locked first, as giving out does: nobody is given a case while they leave.
        Worker.objects.get_or_create(user_id=about)
        worker = Worker.objects.select_for_update().get(user_id=about)
        worker.says, worker.says_until = word, (until or _usual_end(worker, word, now)) if word else None
        if about == actor.user_id:
            worker.last_seen = now
        worker.save(update_fields=["says", "says_until", "last_seen"])
        back = give_back(user_id=about) if word == PresenceWord.OFF else 0
        data = {"says": word, "until": worker.says_until.isoformat() if worker.says_until else None, "gave_back": back}
        record(actor=actor, chain=f"user:{about}", kind="presence_said", data=data)
    return back


def _usual_end(worker: Worker, word: str, now: datetime) -> datetime:
    team = first_teams([worker.user_id]).get(worker.user_id)
    schedule = schedule_of(worker, team, getattr(team, "desk", None), Places(now), now)
    return usual_end(word, hours=schedule.hours, zone=schedule.zone, now=now)


@dataclass(frozen=True, slots=True)
class Leaving:
    """What happens to somebody's open cases when they go off shift.

    Attributes:
        back: name of the team and number of cases that go back into its queue.
        stays: the reason and the references of the cases that stay.
    """

    back: tuple[tuple[str, int], ...]
    stays: tuple[tuple[str, tuple[str, ...]], ...]


def leaving(*, user_id: int) -> Leaving:
    """What `give_back` would do now; nothing is changed (1 query)."""
    cases = Complaint.objects.filter(owner_id=user_id, phase__in=OPEN_PHASES).annotate(sending=Exists(_on_its_way()))
    rows = cases.order_by("id").values_list("reference", "team__name", "waiting_for_us_since", "sending")
    back: dict[str, int] = {}
    stays: dict[str, list[str]] = {}
    for reference, team, waits_since, sending in rows:
        reason = why_stays(has_team=team is not None, waits_for_us=waits_since is not None, sending=bool(sending))
        if reason:
            stays.setdefault(reason, []).append(reference or "")
        else:
            back[team or ""] = back.get(team or "", 0) + 1
    return Leaving(tuple(sorted(back.items())), tuple((why, tuple(listed)) for why, listed in sorted(stays.items())))


def why_stays(*, has_team: bool, waits_for_us: bool, sending: bool) -> str:
    """Why a case stays with its owner; empty when it goes back (PURE)."""
    if not waits_for_us:
        return WAITS_FOR_CUSTOMER
    if sending:
        return ANSWER_ON_ITS_WAY
    return "" if has_team else NO_TEAM


def _on_its_way() -> QuerySet[Message]:
    return Message.objects.filter(
        complaint=OuterRef("pk"),
        direction=Direction.OUT,
        automatic=False,
        state__in=[MessageState.QUEUED, MessageState.SENDING],
    )


def _unanswered() -> QuerySet[Complaint]:
    """Open cases in a team's queue that wait for us; an answer that is on its way out counts as given."""
    waiting = Complaint.objects.filter(team__isnull=False, phase__in=OPEN_PHASES, waiting_for_us_since__isnull=False)
    return waiting.filter(~Exists(_on_its_way()))


def give_back(*, user_id: int) -> int:
    """Put the unanswered cases of somebody who left back into the queue of their team; how many. Answered ones stay."""
    with transaction.atomic():
        cases = _unanswered().filter(owner_id=user_id)
        cases = cases.select_for_update(of=("self",), no_key=True, skip_locked=True)
        ids = list(cases.order_by("id").values_list("pk", flat=True)[:BATCH])
        for one in ids:
            assign(actor=SYSTEM, complaint_id=one, owner_id=None)
            record(
                actor=SYSTEM,
                chain=f"complaint:{one}",
                kind="given_back",
                data={"from": user_id, "because": "off shift"},
            )
    return len(ids)


def give_back_of_absent(*, now: datetime | None = None) -> int:
    """Give back for who said that they are off shift, and in teams that give out by themselves for whose hours are over.

    How many cases. Somebody in several such teams is absent when none of them counts them as on shift.
    """
    now = now or clock.now()
    said = set(Worker.objects.filter(says=OFF, says_until__gt=now).values_list("user_id", flat=True))
    absent = said | _off_by_hours(now)
    holding = _unanswered().filter(owner_id__in=absent).order_by().values_list("owner_id", flat=True)
    return sum(give_back(user_id=user) for user in sorted(set(holding)) if user)


def _off_by_hours(now: datetime) -> set[int]:
    members = TeamMember.objects.filter(team__desk__assigns=Assigns.FREE).select_related("team__desk")
    rows = list(members.order_by("user_id", "team_id"))
    workers = {one.user_id: one for one in Worker.objects.filter(user_id__in={one.user_id for one in rows})}
    places = Places(now) if workers else None
    words: dict[int, set[str]] = {}
    for row in rows:
        worker = workers.get(row.user_id)
        if worker is None or places is None:
            continue
        desk: TeamDesk = row.team.desk
        schedule = schedule_of(worker, row.team, desk, places, now)
        words.setdefault(row.user_id, set()).add(standing(worker, schedule, now))
    return {user for user, found in words.items() if found == {OFF}}
