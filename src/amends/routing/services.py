"""The verbs of routing: find the team, escalate, accept, return, alert."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, Permission, Team
from amends.audit.public import record
from amends.cases.public import Complaint, access_complaint, assign, queue_message, recipient_address, set_team
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.events import publish
from amends.core.text import clean
from amends.core.together import together
from amends.notifications.public import Alert, raise_alert, tell
from amends.routing.alert_rules import CaseFacts, choose_rule, read_rules
from amends.routing.climbing import minutes_to_accept
from amends.routing.configured import rules_file
from amends.routing.events import CaseEscalated, CaseRouted, HandoffAccepted, HandoffReturned
from amends.routing.facts import facts_of
from amends.routing.models import Handoff, HandoffState, RoutedCase
from amends.routing.packet import build_packet
from amends.routing.paths import next_team
from amends.routing.ruleset import decide
from amends.routing.rulesets import active_version, rules_of
from amends.routing.selectors import member_ids, people_of, responsible_ids, team_choices
from amends.voice.public import letter_context, letter_language, render


def route(*, complaint_id: int) -> int | None:
    """Put a case that has no team into the queue of the right one; the team's id, or None when there is no team at all."""
    with together():
        complaint = access_complaint(SYSTEM, complaint_id, lock=True)
        if complaint.team_id is not None:
            return complaint.team_id
        version = active_version()
        routed = decide(rules_of(version), facts_of([complaint])[complaint.pk], team_choices())
        if routed is None:
            return None
        tier = complaint.tier if routed.rule == 0 else None
        set_team(actor=SYSTEM, complaint_id=complaint.pk, team_id=routed.team_id, tier=tier)
        row = RoutedCase(
            complaint=complaint,
            team_id=routed.team_id,
            version=version,
            rule=routed.rule,
            skill=routed.skill,
            at=clock.now(),
        )
        RoutedCase.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["complaint"],
            update_fields=["team", "version", "rule", "skill", "at"],
        )
        record(
            actor=SYSTEM,
            chain=f"complaint:{complaint.pk}",
            kind="routed",
            data={
                "team": routed.team_id,
                "because": routed.reason,
                "version": version.number if version else None,
                "rule": routed.rule,
            },
        )
        publish(CaseRouted(complaint_id=complaint.pk, team_id=routed.team_id))
    return routed.team_id


def alert_of_new_case(*, complaint_id: int) -> int:
    """Tell the people of a new case; where a rule says so, somebody has to take it up, or it climbs.

    How many people this call told at once.
    """
    complaint = access_complaint(SYSTEM, complaint_id)
    title = lambda: (  # noqa: E731  # said in the language of each reader
        _("new complaint, severity %(severity)s, %(unit)s")
        % {"severity": complaint.severity, "unit": complaint.unit.name}
    )
    key = f"new:{complaint.pk}"
    raised = _raise(complaint, "new_case", title=title, key=key)
    people = set(member_ids(complaint.team_id)) if complaint.team_id else set()
    if raised is not None:
        return len(raised.levels[0])
    if Alert.objects.filter(key=key).exists():
        return 0
    people = people or set(responsible_ids(complaint.unit.path))
    return _tell(complaint, people, kind="new_case", title=title, key=key)


def alert_of_breach(*, complaint_id: int, what: Callable[[], str], key: str) -> int:
    """A deadline was broken: somebody has to say that they have it. Never silent: where nobody is left, the
    administrators are told."""
    complaint = Complaint.objects.select_related("unit").get(pk=complaint_id)
    raised = _raise(complaint, "clock_breached", title=what, key=key)
    return 0 if raised is None else len(raised.levels[0])


def alert_by_criterion(*, complaint_id: int, what: Callable[[], str], key: str) -> Alert | None:
    """A criterion of escalation holds: the owner or the team, then the people in charge, until somebody has it."""
    complaint = Complaint.objects.select_related("unit").get(pk=complaint_id)
    people = people_of(complaint)
    return raise_alert(
        levels=[people["owner"] or people["team"], people["leads"], people["directors"], people["administrators"]],
        kind="escalation",
        title=lambda: f"{complaint.reference}: {what()}",
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=f"criterion:{complaint.pk}:{key}",
        minutes=30,
    )


def _raise(complaint: Complaint, event: str, *, title: Callable[[], str], key: str) -> Alert | None:
    """Raise the alert that the rules ask for; None when none does, or it was raised before."""
    facts = CaseFacts(
        severity=complaint.severity,
        safety=complaint.safety,
        legal_or_media=complaint.legal_or_media,
        vulnerable=complaint.vulnerable,
        channel=complaint.channel,
        category=complaint.category,
    )
    rule = choose_rule(read_rules(rules_file()), event, facts)
    if rule is None:
        return None
    people = people_of(complaint)
    levels = [[user for who in level for user in people[who]] for level in rule.levels]
    if not any(levels):
        levels = [people["leads"] + people["directors"], people["administrators"]]
    return raise_alert(
        levels=levels,
        kind="serious_case" if event == "new_case" else event,
        title=lambda: f"{complaint.reference}: {title()}",
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=key,
        minutes=rule.minutes,
    )


def alert_owner(*, complaint_id: int, kind: str, what: Callable[[], str], key: str, leads: bool = False) -> int:
    """Tell the owner (else the team) what happened in their case; `leads` adds the leads above the unit."""
    complaint = Complaint.objects.select_related("unit").get(pk=complaint_id)
    people: set[int] = {complaint.owner_id} if complaint.owner_id else set(member_ids(complaint.team_id or 0))
    if leads or not people:
        people |= set(responsible_ids(complaint.unit.path))
    return _tell(complaint, people, kind=kind, title=what, key=key)


def _tell(complaint: Complaint, users: Iterable[int], *, kind: str, title: Callable[[], str], key: str) -> int:
    """Tell these people once, each in the language of their pages; the title begins with the reference."""
    return tell(
        users=users,
        kind=kind,
        title=lambda: f"{complaint.reference}: {title()}",
        url=f"/cases/{complaint.reference}/",
        complaint_id=complaint.pk,
        key=key,
    )


def escalate(*, actor: Actor, complaint_id: int, reason: str, to_team_id: int | None = None) -> Handoff:
    """Offer a case to a higher tier with its packet; the customer hears of it when somebody accepts.

    Raises:
        BadInput: no reason, or there is no team above.
        Conflict: it waits to be accepted already.
    """
    actor.require(Permission.CASE_ESCALATE)
    reason = clean(reason).strip()
    if not reason:
        raise BadInput(
            "Say why the case needs somebody else, so that they can start where you stopped.", field="reason"
        )
    with transaction.atomic():
        complaint = access_complaint(actor, complaint_id, lock=True)
        target = _target(complaint, to_team_id)
        try:
            with transaction.atomic():
                handoff = Handoff.objects.create(
                    complaint=complaint,
                    from_team_id=complaint.team_id,
                    to_team=target,
                    from_user_id=actor.user_id,
                    from_tier=complaint.tier,
                    reason=reason,
                    packet=build_packet(complaint, why=reason),
                    climbs_at=clock.now() + timedelta(minutes=minutes_to_accept(complaint.severity)),
                )
        except IntegrityError as error:
            if "handoff_one_open" not in str(error):
                raise
            raise Conflict("This case waits to be accepted by another team already.") from error
        record(
            actor=actor,
            chain=f"complaint:{complaint.pk}",
            kind="escalated",
            data={"handoff": handoff.pk, "from": complaint.team_id, "to": target.pk, "tier": target.tier},
        )
        publish(CaseEscalated(handoff_id=handoff.pk, complaint_id=complaint.pk, to_team_id=target.pk, tier=target.tier))
        _tell(
            complaint,
            member_ids(target.pk),
            kind="handoff",
            title=lambda: _("waits for %(team)s to accept it") % {"team": target.name},
            key=f"handoff:{handoff.pk}",
        )
    return handoff


def _target(complaint: Complaint, to_team_id: int | None) -> Team:
    """The team to escalate to: the one named, else the next on the team's path."""
    if to_team_id is not None:
        team = Team.objects.filter(pk=to_team_id).first()
    else:
        team = next_team(complaint, team=complaint.team, tier=complaint.tier)
    if team is None:
        raise BadInput("There is no team above this one: choose a team to hand the case to.", field="to_team")
    if team.pk == complaint.team_id:
        raise BadInput("The case is with this team already.", field="to_team")
    return team


def _decide(actor: Actor, handoff_id: int, state: str, **values: object) -> Handoff:
    """Close an open hand-off by comparison; the loser of a race is told."""
    handoff = Handoff.objects.select_related("to_team", "from_user").filter(pk=handoff_id).first()
    if handoff is None:
        raise NotFound
    access_complaint(actor, handoff.complaint_id, lock=True)
    actor.require(Permission.CASE_WORK)
    if actor.user_id not in member_ids(handoff.to_team_id) and not actor.can(Permission.CASE_ASSIGN):
        raise NotFound
    won = Handoff.objects.filter(pk=handoff_id, state=HandoffState.OFFERED).update(
        state=state, decided_at=clock.now(), decided_by_id=actor.user_id, **values
    )
    if not won:
        raise Conflict("Somebody has decided about this hand-off already: load the page again.")
    Alert.objects.filter(key=f"handoff:{handoff_id}:top", answered_at=None).update(
        answered_at=clock.now(), answered_by_id=actor.user_id, answered_how="by itself", climbs_at=None
    )
    handoff.refresh_from_db()
    return handoff


def accept_handoff(*, actor: Actor, handoff_id: int) -> Handoff:
    """Take the case over; the customer hears who it is now and that nothing needs to be told twice.

    Raises:
        NotFound: it is not offered to the actor's team.
        Conflict: somebody was faster.
    """
    with transaction.atomic():
        handoff = _decide(actor, handoff_id, HandoffState.ACCEPTED)
        set_team(actor=actor, complaint_id=handoff.complaint_id, team_id=handoff.to_team_id)
        if actor.user_id is not None:
            assign(actor=actor, complaint_id=handoff.complaint_id, owner_id=actor.user_id)
        record(
            actor=actor,
            chain=f"complaint:{handoff.complaint_id}",
            kind="handoff_accepted",
            data={"handoff": handoff.pk},
        )
        publish(HandoffAccepted(handoff_id=handoff.pk, complaint_id=handoff.complaint_id, by_id=actor.id or 0))
        _tell_customer(actor, handoff)
        if handoff.from_user_id:
            _tell_giver(handoff, lambda: _("%(who)s accepted your hand-off") % {"who": actor.name})
    return handoff


def return_handoff(*, actor: Actor, handoff_id: int, reason: str) -> Handoff:
    """Give a case back with a reason; it stays where it was.

    Raises:
        BadInput: no reason.
    """
    reason = clean(reason).strip()
    if not reason:
        raise BadInput("Say why you return the case, and what would help.", field="reason")
    with transaction.atomic():
        handoff = _decide(actor, handoff_id, HandoffState.RETURNED, return_reason=reason)
        record(
            actor=actor,
            chain=f"complaint:{handoff.complaint_id}",
            kind="handoff_returned",
            data={"handoff": handoff.pk},
        )
        publish(HandoffReturned(handoff_id=handoff.pk, complaint_id=handoff.complaint_id, by_id=actor.user_id))
        if handoff.from_user_id:
            _tell_giver(handoff, lambda: _("%(who)s returned your hand-off") % {"who": actor.name})
    return handoff


def _tell_giver(handoff: Handoff, what: Callable[[], str]) -> None:
    complaint = Complaint.objects.get(pk=handoff.complaint_id)
    givers = [handoff.from_user_id] if handoff.from_user_id else []
    _tell(complaint, givers, kind="handoff", title=what, key=f"handoff:{handoff.pk}:{handoff.state}")


def _tell_customer(actor: Actor, handoff: Handoff) -> None:
    """One message in plain words: who it is now, and why. Where there is no address, somebody calls: the case shows it."""
    complaint = Complaint.objects.select_related("customer", "representative", "unit", "owner").get(
        pk=handoff.complaint_id
    )
    if not recipient_address(complaint):
        return
    language = letter_language(complaint)
    context = letter_context(complaint, language=language, author=handoff.from_user)
    rendered = render("handoff_notice", language, {**context, "new_contact": actor.name})
    queue_message(
        actor=SYSTEM,
        complaint_id=complaint.pk,
        kind="handoff_notice",
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        automatic=True,
        purpose=f"handoff:{handoff.pk}",
    )
