"""What follows a composed complaint: from the acknowledgement to the close, with times that people keep.

The whole course is worked out first and then cut at the phase the story is meant to have reached, and at `now`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random
from zoneinfo import ZoneInfo

from amends.cli.demo_company import model
from amends.cli.demo_company.banks import (
    DEVICE_ONLY,
    HandlingGroup,
    Offer,
    Voice,
    about_device,
    handling,
    handling_group,
    voice,
)
from amends.cli.demo_company.organisation import company
from amends.cli.demo_company.reading import parse_remedy, parse_step
from amends.cli.demo_company.rendering import Facts, fill

SPECIALISTS: Mapping[tuple[str, model.Language], tuple[str, ...]] = {
    ("technical", "en"): ("ruth", "daniel"),
    ("technical", "de"): ("joerg", "ruth"),
    ("money", "en"): ("amina",),
    ("money", "de"): ("lukas",),
}
AGENTS: Mapping[model.Language, tuple[str, ...]] = {
    "en": ("moira", "tom", "nkechi", "josh"),
    "de": ("svenja", "mehmet", "katharina"),
}
LEADS: Mapping[model.Language, str] = {"en": "helen", "de": "carsten"}
ESCALATION_REASONS: Mapping[tuple[str, model.Language], tuple[str, ...]] = {
    ("technical", "en"): (
        "Needs somebody who can read the log of the device",
        "Fault returns after the usual steps",
        "Same fault reported by several customers",
        "Heat or smell mentioned, specialist must look",
    ),
    ("technical", "de"): (
        "Protokoll des Geräts muss gelesen werden",
        "Fehler kommt nach den üblichen Schritten wieder",
        "Gleicher Fehler bei mehreren Kunden",
    ),
    ("money", "en"): ("Payment must be released by hand", "Terms of the campaign must be read by the campaign desk"),
    ("money", "de"): ("Zahlung muss von Hand freigegeben werden", "Aktionsbedingungen müssen geklärt werden"),
}
EXPLANATIONS: Mapping[model.Language, str] = {
    "en": (
        "what I promised for {d:+1} takes until {d:+4}. The colleague who does it is ill, and I would rather tell you "
        "today than let the day pass."
    ),
    "de": (
        "was ich für den {d:+1} zugesagt hatte, dauert bis zum {d:+4}. Die Kollegin ist krank, und das sollen Sie "
        "heute wissen und nicht erst am Tag selbst."
    ),
}
CALLED: Mapping[model.Language, str] = {
    "en": "Rang after the unhappy survey answer. Listened, apologised for the second round. I see to it myself now.",
    "de": "Nach der schlechten Umfrage angerufen. Zugehört, für die zweite Runde entschuldigt. Ich kümmere mich.",
}
OUTCOMES: tuple[model.Outcome, ...] = ("upheld", "upheld", "upheld", "upheld", "partly_upheld", "not_upheld")
SHORT: tuple[model.Question, ...] = ("context", "replication")  # what is asked when the rest is plain
UNAIDED = 100  # what a first-line agent may grant alone, in whole currency units


@dataclass(slots=True)
class Course:
    """One story on its way: who owns it, what time it is, and where its choices come from."""

    language: model.Language
    group: str
    facts: Facts
    zone: ZoneInfo
    received: datetime
    roll: Random
    owner: str
    subject: str
    target: model.Phase

    @property
    def bank(self) -> HandlingGroup:
        return handling_group(self.language, self.group)

    @property
    def voice(self) -> Voice:
        return voice(self.language)

    def one(self, choices: list[str] | tuple[str, ...]) -> str:
        return self.roll.choice(choices)

    def says(self, text: str, at: datetime, by: str = "customer") -> str:
        """The text as written at that moment: "in three days" counts from then."""
        facts = replace(self.facts, received=at.astimezone(self.zone).date())
        people = {person.key: person for person in company().people}
        extra = {"agent": people[by].name} if by in people else {}
        return fill(text, facts, {**extra, "owner": self.owner})

    def office(self, moment: datetime, minutes: int) -> datetime:
        """The first moment in office hours at or after `moment` plus `minutes`."""
        local = (moment + timedelta(minutes=minutes)).astimezone(self.zone)
        if local.hour < 8:
            local = local.replace(hour=8, minute=self.roll.randint(4, 56))
        elif local.hour >= 18:
            local = (local + timedelta(days=1)).replace(hour=8, minute=self.roll.randint(4, 56))
        return local.astimezone(UTC)

    def awake(self, moment: datetime) -> datetime:
        """That moment, or a later one when people are asleep."""
        return moment + timedelta(hours=8) if moment.astimezone(self.zone).hour < 7 else moment

    def on_day(self, moment: datetime, days: int, first: int = 9, last: int = 16) -> datetime:
        """Some minute within those hours, that many days after `moment`."""
        day = moment.astimezone(self.zone).date() + timedelta(days=days)
        clock = time(self.roll.randint(first, last), self.roll.randint(0, 59))
        return datetime.combine(day, clock, tzinfo=self.zone).astimezone(UTC)


def _letter(course: Course, text: str, at: datetime, by: str) -> str:
    greeting = handling(course.language).greeting
    return course.says(f"{greeting}\n\n{text}\n\n{{agent}}", at, by)


def opening(course: Course) -> tuple[list[model.Event], datetime]:
    """Acknowledged, taken by somebody, answered."""
    acknowledged = course.received + timedelta(minutes=course.roll.randint(1, 4), seconds=course.roll.randint(0, 50))
    taken = course.office(acknowledged, course.roll.randint(8, 95))
    answered = course.office(taken, course.roll.randint(9, 55))
    events: list[model.Event] = [
        model.Acknowledged(at=acknowledged),
        model.Taken(at=taken, by=course.owner),
        model.Replied(
            at=answered, by=course.owner, text=_letter(course, course.one(course.bank.replies), answered, course.owner)
        ),
    ]
    return events, answered


def looking_into_it(course: Course, at: datetime) -> tuple[list[model.Event], datetime]:
    """Points confirmed, questions answered, a note, sometimes a line from the customer or a specialist's help."""
    events: list[model.Event] = []
    if course.roll.random() < 0.35:
        at += timedelta(minutes=course.roll.randint(20, 700))
        fitting = [words for words in course.voice.follow_ups if about_device(course.group) or words[0] != DEVICE_ONLY]
        wrote = course.says(course.one(fitting).removeprefix(DEVICE_ONLY), at)
        events.append(model.CustomerWrote(at=at, by="customer", text=wrote))
    at = course.office(at, course.roll.randint(15, 150))
    if course.roll.random() < 0.7:
        events.append(model.PointsConfirmed(at=at, by=course.owner))
    if course.roll.random() < 0.55:
        at += timedelta(minutes=course.roll.randint(2, 9))
        events.append(model.Noted(at=at, by=course.owner, text=course.says(course.one(course.bank.notes), at)))
    team = "money" if course.group in {"campaign", "billing"} else "technical"
    if course.group not in {"delivery", "waiting", "other"} and course.roll.random() < 0.22:
        events_of_handoff, at = _handed_on(course, at, team)
        events += events_of_handoff
    at += timedelta(minutes=course.roll.randint(3, 20))
    for question in model.QUESTIONS if course.roll.random() < 0.4 else SHORT:
        choices: list[str] = getattr(course.bank, question)
        text = course.says(course.one(choices), at)
        events.append(model.Answered(at=at, by=course.owner, question=question, text=text))
        at += timedelta(minutes=1)
    return events, at


def _handed_on(course: Course, at: datetime, team: str) -> tuple[list[model.Event], datetime]:
    asked = at + timedelta(minutes=course.roll.randint(2, 12))
    receiver = course.one(SPECIALISTS[team, course.language])
    accepted = course.office(asked, course.roll.randint(12, 200))
    events: list[model.Event] = [
        model.Escalated(
            at=asked,
            by=course.owner,
            team=team,
            reason=course.one(ESCALATION_REASONS[team, course.language]),
            packet=course.subject,
        ),
        model.HandOffAccepted(at=accepted, by=receiver),
    ]
    course.owner = receiver
    return events, accepted


def _proposal(course: Course, offer: Offer, at: datetime) -> model.Proposed:
    day = at.astimezone(course.zone).date()
    steps = tuple(
        model.Step(what=course.says(what, at, course.owner), who=who, due=day + timedelta(days=days))
        for who, days, what in (parse_step(raw.replace("{owner}", course.owner)) for raw in offer.steps)
    )
    return model.Proposed(
        at=at,
        by=course.owner,
        text=_letter(course, offer.text, at, course.owner),
        remedies=tuple(parse_remedy(raw) for raw in offer.remedies),
        steps=steps,
    )


def _money(proposed: model.Proposed) -> int:
    return sum(remedy.amount for remedy in proposed.remedies if remedy.kind in {"refund", "gesture", "store_credit"})


def agreeing(course: Course, at: datetime) -> tuple[list[model.Event], datetime, model.Proposed]:
    """A proposal, its approval when it is large, the customer's answer; once in a while a second round."""
    offer = course.roll.choice(course.bank.offers)
    events: list[model.Event] = []
    if course.roll.random() < 0.09:
        first, refused = _refused(course, at)
        events += [first, *_approval(course, first), refused]
        at = refused.at
    proposed = _proposal(course, offer, course.on_day(at, course.roll.choice((1, 1, 2)), 9, 15))
    events += [proposed, *_approval(course, proposed)]
    agreed = course.awake(proposed.at + timedelta(minutes=course.roll.randint(100, 1300)))
    events.append(model.Decided(at=agreed, by="customer", decision="accepted", text=course.one(course.voice.accepted)))
    return events, agreed, proposed


def _refused(course: Course, at: datetime) -> tuple[model.Proposed, model.Decided]:
    """A first proposal that did not do."""
    proposed = _proposal(course, course.bank.offers[-1], course.on_day(at, 1, 9, 11))
    answered = proposed.at + timedelta(hours=course.roll.randint(2, 9))
    if course.roll.random() < 0.5:
        words = course.one(course.voice.declined)
        return proposed, model.Decided(at=answered, by="customer", decision="declined", text=words)
    words = course.one(course.voice.countered)
    return proposed, model.Decided(at=answered, by="customer", decision="counter", text=words)


def _approval(course: Course, proposed: model.Proposed) -> list[model.Event]:
    if _money(proposed) <= UNAIDED or course.owner in {"ruth", "daniel", "joerg", "amina", "lukas"}:
        return []
    if course.target == "proposed" and course.roll.random() < 0.5:
        return []
    reason = "In line with similar cases." if course.language == "en" else "Im Rahmen ähnlicher Fälle."
    at = proposed.at + timedelta(minutes=course.roll.randint(12, 80))
    return [model.Approved(at=at, by=LEADS[course.language], reason=reason)]


def carrying_out(course: Course, at: datetime, proposed: model.Proposed) -> tuple[list[model.Event], datetime]:
    """Every step done: mostly before its day, sometimes late with an explanation, seldom late without one."""
    events: list[model.Event] = []
    order = sorted(range(len(proposed.steps)), key=lambda index: (proposed.steps[index].due, index))
    for index in order:
        step, fate = proposed.steps[index], course.roll.random()
        clock = time(course.roll.randint(9, 16), course.roll.randint(0, 59))
        day = datetime.combine(step.due, clock, tzinfo=course.zone)
        done = day.astimezone(UTC) - timedelta(days=1 if fate < 0.6 else 0)
        if fate > 0.93:
            told = day.astimezone(UTC) - timedelta(days=1, hours=1)
            done = day.astimezone(UTC) + timedelta(days=2)
            if told > at:
                events.append(_explanation(course, index + 1, told, step))
        elif fate > 0.89:
            done = day.astimezone(UTC) + timedelta(days=2)
        done = max(done, at + timedelta(minutes=20))
        events.append(model.StepDone(at=done, by=step.who if step.who != "customer" else course.owner, step=index + 1))
        at = done
    return events, at


def _explanation(course: Course, number: int, at: datetime, step: model.Step) -> model.DelayExplained:
    text = EXPLANATIONS[course.language]
    letter = _letter(course, text, at, course.owner)
    return model.DelayExplained(at=at, by=course.owner, step=number, new_due=step.due + timedelta(days=3), text=letter)


def _resolved(course: Course, at: datetime) -> model.Resolved:
    when, reason = at + timedelta(minutes=course.roll.randint(10, 90)), course.one(course.bank.reasons)
    return model.Resolved(at=when, by=course.owner, outcome=course.roll.choice(OUTCOMES), reason=reason)


def ending(course: Course, at: datetime) -> list[model.Event]:
    """Resolved, asked how it was (seldom: taken up again), checked on, its cause recorded, closed."""
    resolved = _resolved(course, at)
    events: list[model.Event] = [resolved]
    fate = course.roll.random()
    if fate < 0.05:
        again, resolved = _taken_up_again(course, resolved.at)
        events += again
    elif fate < 0.66:
        events.append(_survey(course, resolved.at))
    checked = course.on_day(resolved.at, course.roll.randint(5, 7), 10, 16)
    events.append(model.CheckedIn(at=checked, by=course.owner, solved=True, text=course.one(course.voice.checkins)))
    if course.roll.random() < 0.4:
        caused = checked + timedelta(hours=course.roll.randint(1, 3))
        events.append(
            model.RootCauseRecorded(
                at=caused,
                by=course.owner,
                tree=course.bank.tree,
                cause=course.bank.cause,
                why=tuple(course.bank.why),
            )
        )
    events.append(model.Closed(at=course.on_day(checked, course.roll.randint(1, 3)), by=course.owner))
    return events


def _survey(course: Course, resolved: datetime) -> model.SurveyAnswered:
    good = course.roll.random() < 0.75
    score = course.roll.randint(8, 10) if good else 7
    words = course.one(course.voice.survey_good if good else course.voice.survey_middling)
    at = course.awake(resolved + timedelta(hours=course.roll.randint(41, 70)))
    return model.SurveyAnswered(at=at, by="customer", score=score, text=words)


def _taken_up_again(course: Course, resolved: datetime) -> tuple[list[model.Event], model.Resolved]:
    """An unhappy answer to the survey reopens the case; a lead calls, and it is put right after all."""
    answered = course.awake(resolved + timedelta(hours=course.roll.randint(41, 70)))
    words = course.one(course.voice.survey_bad)
    called = course.office(answered, course.roll.randint(30, 200))
    done = _resolved(course, course.on_day(called, 2))
    events: list[model.Event] = [
        model.SurveyAnswered(at=answered, by="customer", score=course.roll.randint(1, 3), text=words),
        model.Reopened(at=answered + timedelta(minutes=1), reason=words),
        model.Called(at=called, by=LEADS[course.language], text=CALLED[course.language]),
        done,
    ]
    return events, done


def _withdrawing(course: Course) -> list[model.Event]:
    events, at = opening(course)
    when = course.office(at, course.roll.randint(40, 900))
    if course.target == "withdrawn":
        return [*events, model.Withdrawn(at=when, by=course.owner, reason=course.one(course.voice.withdrawn))]
    return [*events, model.OutOfJurisdiction(at=when, by=course.owner, reason=course.one(course.voice.outside))]


def whole_course(course: Course) -> list[model.Event]:
    """Everything that would happen if nobody stopped the story."""
    if course.target in {"withdrawn", "out_of_jurisdiction"}:
        return _withdrawing(course)
    events, at = opening(course)
    more, at = looking_into_it(course, at)
    events += more
    more, at, proposed = agreeing(course, at)
    events += more
    more, at = carrying_out(course, at, proposed)
    return [*events, *more, *ending(course, at)]


_LAST: Mapping[model.Phase, tuple[type[model.Event], ...]] = {
    "received": (model.Acknowledged,),
    "registered": (model.Acknowledged,),
    "acknowledged": (model.Answered, model.Escalated),
    "investigating": (model.Proposed,),
    "proposed": (model.Decided,),
    "agreed": (model.StepDone,),
    "carrying_out": (model.Resolved,),
    "resolved": (model.CheckedIn,),
    "followed_up": (model.Closed,),
}


def told(course: Course, now: datetime) -> tuple[model.Event, ...]:
    """The events up to the target phase and up to `now`, oldest first."""
    stop = _LAST.get(course.target, ())
    events: list[model.Event] = []
    for event in whole_course(course):
        if event.at >= now:
            break
        if isinstance(event, stop) and not (isinstance(event, model.Decided) and event.decision != "accepted"):
            break
        events.append(event)
    return tuple(events)
