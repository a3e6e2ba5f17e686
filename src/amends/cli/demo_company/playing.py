"""Plays what followed a complaint through the verbs that the pages use, each at the time it is told to have happened."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

from amends.accounts.public import SYSTEM, Actor, Permission, customer_actor
from amends.cases.public import (
    Action,
    Complaint,
    Direction,
    Label,
    Message,
    MessageState,
    Phase,
    add_note,
    add_point,
    confirm_points,
    mark_sent,
    move,
    points_of,
    receive_message,
    remove_point,
    reply,
    take,
)
from amends.cli.demo_company import model
from amends.cli.demo_company.organisation import company
from amends.cli.demo_company.wording import as_offered, body_of, overlap
from amends.core import clock
from amends.followup.public import AskState, CheckIn, SurveyInvitation, answer_check_in, answer_survey, send_due
from amends.handling.public import (
    NewStep,
    Proposal,
    ProposalState,
    answer_proposal,
    answer_question,
    complete_step,
    current_proposal,
    decide_approval,
    draft_proposal,
    explain_delay,
    playbook_for,
    promises_of,
    send_proposal,
)
from amends.handling.public import Step as StoredStep
from amends.review.public import (
    Responsibility,
    complete_corrective_action,
    open_corrective_action,
    record_root_cause,
)
from amends.routing.public import accept_handoff, escalate, pending_handoffs
from amends.triage.public import correct
from amends.voice.public import acknowledge

if TYPE_CHECKING:
    from amends.cli.demo_company.staging import Stage

UNDO: Final = timedelta(seconds=12)
LAPSE: Final = timedelta(days=7, minutes=5)  # an unanswered check-in counts as a quiet yes after a week
ANSWERS: Final = {"accepted": "accepted", "declined": "declined", "counter": "other"}
NO_WORDS: Final = {"en": "Yes, agreed.", "de": "Ja, einverstanden."}
STAND_INS: Final = {"en": ("helen", "fiona", "eleanor"), "de": ("carsten", "matthias", "eleanor")}
RESPONSIBLE: Final = {"carrier": Responsibility.THIRD_PARTY, "supplier": Responsibility.THIRD_PARTY}
EFFECTS: Final = {
    "en": "In place and checked on the next ten cases: none of them shows the old fault.",
    "de": "Eingeführt und an den nächsten zehn Fällen geprüft: Keiner zeigt den alten Fehler.",
}


class Play:
    """One story on its way through the system."""

    def __init__(self, stage: Stage, story: model.Story, complaint_id: int) -> None:
        self.stage, self.story, self.complaint_id = stage, story, complaint_id
        self.unit_id = stage.units[story.unit].pk
        self.steps: list[int] = []
        self.measures: list[tuple[int, datetime]] = []
        self.cause_id: int | None = None
        self.owner = ""

    # -- time and people --------------------------------------------------------------------------------------------

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        """Do something at that time, and hand over what it wants to send."""
        with clock.frozen_at(moment):
            act()
            self._hand_over()

    def _hand_over(self) -> None:
        """Mark what waits to go out as sent: nothing of a story ever leaves this machine."""
        waiting = Message.objects.filter(
            complaint_id=self.complaint_id, direction=Direction.OUT, state=MessageState.QUEUED
        ).order_by("id")
        for message_id in waiting.values_list("pk", flat=True):
            mark_sent(message_id=message_id, at=min(clock.now() + UNDO, self.stage.now))

    def complaint(self) -> Complaint:
        return Complaint.objects.defer("text", "search").get(pk=self.complaint_id)

    def phase(self) -> str:
        return Complaint.objects.values_list("phase", flat=True).get(pk=self.complaint_id)

    def actor(self, key: str, permission: Permission = Permission.CASE_WORK) -> Actor:
        """That person, or who stands in where they have no access to the case: the owner, the lead."""
        for candidate in (key, self.owner, *STAND_INS[self.story.language]):
            if candidate in self.stage.staff:
                actor = self.stage.staff.actor(candidate)
                if actor.can(permission) and actor.sees_unit(self.unit_id):
                    return actor
        return SYSTEM

    def customer(self) -> Actor:
        return customer_actor(complaint_id=self.complaint_id, name=self.story.customer.name)

    def name(self, key: str) -> str:
        return next((person.name for person in company().people if person.key == key), "")

    # -- what happens -----------------------------------------------------------------------------------------------

    def event(self, event: model.Event) -> None:
        """Play one event; raises what the verbs raise."""
        if isinstance(event, SILENT):
            with clock.frozen_at(event.at):
                _HANDLERS[type(event)](self, event)
        else:
            self.at(event.at, lambda: _HANDLERS[type(event)](self, event))

    def finish(self) -> None:
        """What has come since of the questions to the customer and of the corrective actions."""
        while (due := self._next_question(self.stage.now)) is not None:
            self.at(due, lambda due=due: send_due(now=due))  # type: ignore[misc]  # bound now
        asked = CheckIn.objects.filter(complaint_id=self.complaint_id, state=AskState.SENT, sent_at__isnull=False)
        for sent_at in asked.values_list("sent_at", flat=True):
            assert sent_at is not None
            lapsed = sent_at + LAPSE
            if lapsed < self.stage.now:
                self.at(lapsed, lambda lapsed=lapsed: send_due(now=lapsed))  # type: ignore[misc]  # bound now
        for action_id, moment in self.measures:
            if moment < self.stage.now:
                self.at(moment, lambda action_id=action_id: self._complete(action_id))  # type: ignore[misc]  # bound now

    def _next_question(self, before: datetime) -> datetime | None:
        """When the next planned question of this case is due, if before then. Earlier cases have none left."""
        for model_of_question in (SurveyInvitation, CheckIn):
            rows = model_of_question.objects.filter(
                complaint_id=self.complaint_id, state=AskState.PLANNED, due_at__lt=before
            )
            due = rows.order_by("due_at").values_list("due_at", flat=True).first()
            if due is not None:
                return due
        return None

    def _complete(self, action_id: int) -> None:
        complete_corrective_action(
            actor=self.actor("ines", Permission.REVIEW_WORK), action_id=action_id, effect=EFFECTS[self.story.language]
        )

    def acknowledged(self, _event: model.Acknowledged) -> None:
        acknowledge(complaint_id=self.complaint_id)

    def taken(self, event: model.Taken) -> None:
        actor = self.actor(event.by)
        take(actor=actor, complaint_id=self.complaint_id)
        self.owner = event.by
        if wrong := self._misjudged(self.complaint()):
            correct(actor=actor, complaint_id=self.complaint_id, values=wrong)

    def _misjudged(self, complaint: Complaint) -> dict[str, Any]:
        """What somebody who reads the case sets right: gross mistakes, and after a close look also small ones."""
        close_look = self.story.handwritten
        wrong: dict[str, Any] = {}
        if complaint.category != self.story.category and (close_look or complaint.category == "other"):
            wrong["category"] = self.story.category
        if abs(complaint.severity - self.story.severity) > (0 if close_look else 1):
            wrong["severity"] = self.story.severity
        if complaint.label == Label.OTHER:
            wrong["label"] = Label.COMPLAINT
        return wrong

    def replied(self, event: model.Replied) -> None:
        reply(actor=self.actor(event.by), complaint_id=self.complaint_id, text=event.text)

    def customer_wrote(self, event: model.CustomerWrote) -> None:
        receive_message(
            actor=self.customer(),
            complaint_id=self.complaint_id,
            channel=event.channel,
            text=event.text,
            from_name=self.story.customer.name,
            from_address=self.story.customer.email,
        )

    def called(self, event: model.Called) -> None:
        actor = self.actor(event.by)
        add_note(actor=actor, complaint_id=self.complaint_id, text=event.text, kind="call")
        if self.phase() in (Phase.RECEIVED, Phase.REGISTERED):
            move(actor=actor, complaint_id=self.complaint_id, action=Action.ACKNOWLEDGE)

    def noted(self, event: model.Noted) -> None:
        add_note(actor=self.actor(event.by), complaint_id=self.complaint_id, text=event.text)

    def points_confirmed(self, event: model.PointsConfirmed) -> None:
        actor = self.actor(event.by)
        detected = {point.pk: point.words for point in points_of(self.complaint())}
        said = [point.words for point in self.story.points]
        for point_id, words in detected.items():
            if not any(overlap(words, one) for one in said):
                remove_point(actor=actor, complaint_id=self.complaint_id, point_id=point_id)
        for point in self.story.points:
            if not any(overlap(words, point.words) for words in detected.values()):
                add_point(actor=actor, complaint_id=self.complaint_id, words=point.words, aspect=point.aspect)
        confirm_points(actor=actor, complaint_id=self.complaint_id)

    def severity_set(self, event: model.SeveritySet) -> None:
        actor = self.actor(event.by)
        correct(actor=actor, complaint_id=self.complaint_id, values={"severity": event.severity})
        add_note(actor=actor, complaint_id=self.complaint_id, text=event.reason)

    def answered(self, event: model.Answered) -> None:
        questions = playbook_for(self.complaint()).questions
        key = next((one.key for one in questions if one.stage == event.question and not one.choices), None)
        if key is not None:
            answer_question(
                actor=self.actor(event.by), complaint_id=self.complaint_id, question_key=key, text=event.text
            )

    def escalated(self, event: model.Escalated) -> None:
        actor = self.actor(event.by, Permission.CASE_ESCALATE)
        reason = event.reason if event.packet == self.story.subject else f"{event.reason}\n\n{event.packet}"
        escalate(actor=actor, complaint_id=self.complaint_id, reason=reason, to_team_id=self.stage.teams[event.team])

    def hand_off_accepted(self, event: model.HandOffAccepted) -> None:
        for handoff in pending_handoffs(self.complaint_id):
            accept_handoff(actor=self.actor(event.by), handoff_id=handoff.pk)
        self.owner = event.by

    def proposed(self, event: model.Proposed) -> None:
        actor = self.actor(event.by)
        proposal = draft_proposal(
            actor=actor,
            complaint_id=self.complaint_id,
            summary=body_of(event.text, self.name(event.by)),
            remedies=[as_offered(remedy) for remedy in event.remedies],
            steps=[self._step(step) for step in event.steps],
        )
        proposal = send_proposal(actor=actor, proposal_id=proposal.pk)
        self.steps = list(
            StoredStep.objects.filter(proposal=proposal).order_by("position").values_list("pk", flat=True)
        )

    def _step(self, step: model.Step) -> NewStep:
        return NewStep(what=step.what, who=self.name(step.who) or step.who, due_latest=step.due)

    def approved(self, event: model.Approved) -> None:
        proposal = self._proposal()
        if proposal.state == ProposalState.AWAITING_APPROVAL:
            self._approve(proposal, (event.by, *STAND_INS[self.story.language]), event.reason)

    def _approve(self, proposal: Proposal, people: tuple[str, ...], reason: str) -> None:
        """Approved by the first of these people who may."""
        from amends.core.errors import NotAllowed

        for key in people:
            actor = self.actor(key, Permission.PROPOSAL_APPROVE)
            try:
                decide_approval(actor=actor, proposal_id=proposal.pk, granted=True, reason=reason)
            except NotAllowed:
                continue
            return

    def _proposal(self) -> Proposal:
        current = current_proposal(self.complaint())
        assert current is not None, self.story.key
        return current.proposal

    def decided(self, event: model.Decided) -> None:
        proposal = self._proposal()
        if proposal.state == ProposalState.AWAITING_APPROVAL:
            self._approve(proposal, STAND_INS[self.story.language], "")
        answer_proposal(
            actor=self.customer(),
            proposal_id=proposal.pk,
            answer=ANSWERS[event.decision],
            words=event.text or NO_WORDS[self.story.language],
        )

    def step_done(self, event: model.StepDone) -> None:
        complete_step(actor=self.actor(event.by), step_id=self.steps[event.step - 1], note=event.text)

    def delay_explained(self, event: model.DelayExplained) -> None:
        step_id = self.steps[event.step - 1]
        promise = next(one for one in promises_of(self.complaint()) if one.step_id == step_id)
        explain_delay(
            actor=self.actor(event.by),
            promise_id=promise.pk,
            new_due=event.new_due,
            reason=body_of(event.text, self.name(event.by)),
        )

    def resolved(self, event: model.Resolved) -> None:
        actor = self.actor(event.by)
        move(
            actor=actor,
            complaint_id=self.complaint_id,
            action=Action.RESOLVE,
            outcome=event.outcome,
            reason=event.reason,
        )

    def survey_answered(self, event: model.SurveyAnswered) -> None:
        """The customer answers the survey that went out by then; where none was sent, they just write."""
        survey = SurveyInvitation.objects.filter(complaint_id=self.complaint_id).order_by("-resolved_at").first()
        if survey is None or survey.state == AskState.CANCELLED:
            self.customer_wrote(model.CustomerWrote(at=event.at, by="customer", text=event.text))
            return
        self._ask_before(event.at)
        moment = max(event.at, survey.due_at + timedelta(minutes=40))
        if moment < self.stage.now:
            with clock.frozen_at(moment):
                effort = 1 if event.score >= 9 else 2 if event.score >= 7 else 4
                words = event.text
                answer_survey(actor=self.customer(), survey_id=survey.pk, score=event.score, effort=effort, words=words)
                self._hand_over()

    def _ask_before(self, moment: datetime) -> None:
        """Send what was due to be asked before that moment, at its time."""
        while (due := self._next_question(moment)) is not None:
            with clock.frozen_at(due):
                send_due(now=due)
                self._hand_over()

    def checked_in(self, event: model.CheckedIn) -> None:
        actor = self.actor(event.by)
        self._ask_before(event.at)
        add_note(actor=actor, complaint_id=self.complaint_id, text=event.text)
        check_in = CheckIn.objects.filter(complaint_id=self.complaint_id).order_by("-resolved_at").first()
        if check_in is not None:
            answer_check_in(actor=actor, check_in_id=check_in.pk, solved=event.solved)

    def root_cause_recorded(self, event: model.RootCauseRecorded) -> None:
        finding = record_root_cause(
            actor=self.actor(event.by, Permission.REVIEW_WORK),
            complaint_id=self.complaint_id,
            cause_key=event.tree,
            symptom=self.story.subject,
            five_whys=[event.cause, *event.why][:5],
            neutral_responsibility=RESPONSIBLE.get(event.tree, Responsibility.COMPANY),
        )
        self.cause_id = finding.pk

    def measure_planned(self, event: model.MeasurePlanned) -> None:
        owner = self.actor(event.owner, Permission.REVIEW_WORK)
        assert owner.user_id is not None
        action = open_corrective_action(
            actor=self.actor(event.by, Permission.REVIEW_WORK),
            complaint_id=self.complaint_id,
            cause_id=self.cause_id,
            what=event.what,
            owner_id=owner.user_id,
            due_on=event.due,
        )
        done = datetime.combine(event.due, time(15, 20), tzinfo=UTC)
        self.measures.append((action.pk, done))

    def reopened(self, event: model.Reopened) -> None:
        if self.phase() != Phase.INVESTIGATING:
            move(actor=SYSTEM, complaint_id=self.complaint_id, action=Action.REOPEN, reason=event.reason)

    def withdrawn(self, event: model.Withdrawn) -> None:
        self._end(event.by, Action.WITHDRAW, event.reason)

    def out_of_jurisdiction(self, event: model.OutOfJurisdiction) -> None:
        self._end(event.by, Action.DECLARE_OUT_OF_JURISDICTION, event.reason)

    def closed(self, event: model.Closed) -> None:
        self._end(event.by, Action.CLOSE, "")

    def _end(self, by: str, action: Action, reason: str) -> None:
        move(actor=self.actor(by), complaint_id=self.complaint_id, action=action, reason=reason)


# What is never followed by a message to the customer.
SILENT: Final = (
    *(model.Taken, model.CustomerWrote, model.Called, model.Noted, model.PointsConfirmed, model.SeveritySet),
    *(model.Answered, model.Escalated, model.RootCauseRecorded, model.MeasurePlanned, model.Closed),
)
_HANDLERS: Final[dict[type[model.Event], Callable[[Play, Any], None]]] = {
    model.Acknowledged: Play.acknowledged,
    model.Taken: Play.taken,
    model.Replied: Play.replied,
    model.CustomerWrote: Play.customer_wrote,
    model.Called: Play.called,
    model.Noted: Play.noted,
    model.PointsConfirmed: Play.points_confirmed,
    model.SeveritySet: Play.severity_set,
    model.Answered: Play.answered,
    model.Escalated: Play.escalated,
    model.HandOffAccepted: Play.hand_off_accepted,
    model.Proposed: Play.proposed,
    model.Approved: Play.approved,
    model.Decided: Play.decided,
    model.StepDone: Play.step_done,
    model.DelayExplained: Play.delay_explained,
    model.Resolved: Play.resolved,
    model.CheckedIn: Play.checked_in,
    model.RootCauseRecorded: Play.root_cause_recorded,
    model.MeasurePlanned: Play.measure_planned,
    model.SurveyAnswered: Play.survey_answered,
    model.Reopened: Play.reopened,
    model.Closed: Play.closed,
    model.Withdrawn: Play.withdrawn,
    model.OutOfJurisdiction: Play.out_of_jurisdiction,
}
