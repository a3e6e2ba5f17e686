"""Reads the written stories (`stories/*.yaml`) and the company itself (`company.yaml`).

A story's `at` is "12 09:41" (twelve days before now, local time) or "35m" (minutes before now). An event's head is
"+38m moira", "+2d 10:15 tom" or without a name, when the owner of the case does it; offsets count from receipt.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amends.cli.demo_company import model
from amends.cli.demo_company.organisation import company, load
from amends.cli.demo_company.outsiders import customer, dice
from amends.cli.demo_company.rendering import ASPECTS, Facts, WritingError, fill, marked

_START = re.compile(r"^(?:(\d+) (\d\d):(\d\d)|(\d+)m)$")
_OFFSET = re.compile(r"^\+(?:(\d+)d (\d\d):(\d\d)|(\d+)([mh]))(?:\s+(\S+))?$")
_STEP = re.compile(r"^(\S+) \+(\d+)d \| (.+)$")
_REMEDY = re.compile(r"^([a-z_]+)(?: (\d+))?(?: \| (.+))?$")


class _Written(BaseModel):
    """A story as it is written in a file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    key: str = Field(pattern=r"^[a-z0-9-]+$")
    channel: model.Channel
    language: model.Language
    at: str
    customer: str
    representing: str = ""
    unit: str
    product: str | None = None
    firmware: str | None = None
    order: bool = False
    campaign: bool = False
    category: str
    severity: int = Field(ge=1, le=4)
    team: str = ""
    desired: str | None = None
    phase: Literal["received", "registered"] = "registered"
    subject: str
    text: str
    events: list[dict[str, Any]] = Field(default_factory=list)


def order_number(key: str, language: model.Language) -> str:
    return f"{'UK' if language == 'en' else 'DE'}-{dice(f'order/{key}').randint(4_100_000, 4_999_999)}"


def received_at(start: str, zone: ZoneInfo, now: datetime) -> datetime:
    """The moment a story begins, in UTC; raises `WritingError` for another form."""
    found = _START.match(start)
    if not found:
        raise WritingError(f'\'at\' is "days hh:mm" or "minutes m", not {start!r}')
    if found.group(4):
        return now - timedelta(minutes=int(found.group(4)))
    day = now.astimezone(zone).date() - timedelta(days=int(found.group(1)))
    local = datetime.combine(day, time(int(found.group(2)), int(found.group(3))), tzinfo=zone)
    return local.astimezone(UTC)


@dataclass(slots=True)
class Reader:
    """Turns the events of one story into values, remembering who owns the case as it goes."""

    facts: Facts
    received: datetime
    zone: ZoneInfo
    owner: str = "system"

    def when(self, head: str) -> tuple[datetime, str]:
        found = _OFFSET.match(head.strip())
        if not found:
            raise WritingError(f'an event begins with "+38m" or "+2d 10:15" and a name, not {head!r}')
        who = found.group(6) or self.owner
        if found.group(4):
            unit = "minutes" if found.group(5) == "m" else "hours"
            return self.received + timedelta(**{unit: int(found.group(4))}), who
        day = self.received.astimezone(self.zone).date() + timedelta(days=int(found.group(1)))
        local = datetime.combine(day, time(int(found.group(2)), int(found.group(3))), tzinfo=self.zone)
        return local.astimezone(UTC), who

    def day(self, offset: int) -> date:
        return self.facts.received + timedelta(days=offset)

    def text(self, raw: object, by: str) -> str:
        known = {person.key: person for person in company().people}
        extra = {"agent": known[by].name, "agent_title": known[by].title} if by in known else {}
        return fill(str(raw), self.facts, extra)

    def events(self, entries: Iterable[dict[str, Any]]) -> Iterator[model.Event]:
        for entry in entries:
            yield from self._one(dict(entry))

    def _one(self, entry: dict[str, Any]) -> Iterator[model.Event]:
        kind = next(iter(entry))
        at, by = self.when(str(entry.pop(kind)))
        if kind in {"take", "accept"}:
            self.owner = by
        maker = _MAKERS.get(kind)
        if maker is None:
            raise WritingError(f"unknown event {kind!r}")
        try:
            made = tuple(maker(self, at, by, entry))
        except KeyError as missing:
            raise WritingError(f"event {kind!r} lacks {missing}") from missing
        if entry:
            raise WritingError(f"event {kind!r} does not know {', '.join(entry)}")
        yield from made


Entry = dict[str, Any]


def parse_remedy(raw: str) -> model.Remedy:
    """A remedy from "kind amount | detail"."""
    found = _REMEDY.match(raw)
    if not found:
        raise WritingError(f'a remedy is "kind amount | detail", not {raw!r}')
    return model.Remedy(kind=found.group(1), amount=int(found.group(2) or 0), detail=found.group(3) or "")


def parse_step(raw: str) -> tuple[str, int, str]:
    """Who, after how many days, and what, from "who +2d | what"."""
    found = _STEP.match(raw)
    if not found:
        raise WritingError(f'a step is "who +2d | what", not {raw!r}')
    return found.group(1), int(found.group(2)), found.group(3)


def _step(raw: str, reader: Reader, by: str) -> model.Step:
    who, days, what = parse_step(raw)
    return model.Step(what=reader.text(what, by), who=who, due=reader.day(days))


def _proposed(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.Proposed(
        at=at,
        by=by,
        text=reader.text(entry.pop("text"), by),
        remedies=tuple(
            replace(remedy, detail=reader.text(remedy.detail, by))
            for remedy in (parse_remedy(raw) for raw in entry.pop("remedies"))
        ),
        steps=tuple(_step(raw, reader, by) for raw in entry.pop("steps")),
        waits=bool(entry.pop("waits", False)),
    )


def _answers(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    for number, question in enumerate(model.QUESTIONS):
        if question in entry:
            moment = at + timedelta(minutes=number)
            yield model.Answered(at=moment, by=by, question=question, text=reader.text(entry.pop(question), by))


def _causes(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    why = tuple(reader.text(line, by) for line in entry.pop("why", ()))
    yield model.RootCauseRecorded(
        at=at, by=by, tree=str(entry.pop("tree")), cause=reader.text(entry.pop("root"), by), why=why
    )


def _measure(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.MeasurePlanned(
        at=at,
        by=by,
        key=str(entry.pop("key")),
        what=reader.text(entry.pop("what"), by),
        owner=str(entry.pop("owner")),
        due=at.astimezone(reader.zone).date() + timedelta(days=int(entry.pop("due"))),
    )


def _decided(reader: Reader, at: datetime, _by: str, entry: Entry) -> Iterator[model.Event]:
    text = reader.text(entry.pop("text", ""), "customer")
    yield model.Decided(at=at, by="customer", decision=entry.pop("answer"), text=text)


def _wrote(reader: Reader, at: datetime, _by: str, entry: Entry) -> Iterator[model.Event]:
    channel = entry.pop("channel", "email")
    yield model.CustomerWrote(at=at, by="customer", text=reader.text(entry.pop("text"), "customer"), channel=channel)


def _delayed(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    new_due = reader.day(int(entry.pop("new_due")))
    yield model.DelayExplained(
        at=at, by=by, step=entry.pop("step"), new_due=new_due, text=reader.text(entry.pop("text"), by)
    )


def _escalated(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.Escalated(
        at=at,
        by=by,
        team=str(entry.pop("team")),
        reason=reader.text(entry.pop("reason"), by),
        packet=reader.text(entry.pop("packet"), by),
    )


def _texted(kind: type[model.Replied] | type[model.Called] | type[model.Noted]) -> Any:
    def make(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
        yield kind(at=at, by=by, text=reader.text(entry.pop("text"), by))

    return make


Reasoned = type[model.Approved] | type[model.Reopened] | type[model.Withdrawn] | type[model.OutOfJurisdiction]


def _reasoned(kind: Reasoned) -> Any:
    def make(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
        yield kind(at=at, by=by, reason=reader.text(entry.pop("reason"), by))

    return make


def _bare(kind: type[model.Event]) -> Any:
    def make(_reader: Reader, at: datetime, by: str, _entry: Entry) -> Iterator[model.Event]:
        yield kind(at=at, by=by)

    return make


def _severity(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.SeveritySet(at=at, by=by, severity=entry.pop("to"), reason=reader.text(entry.pop("reason"), by))


def _done(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.StepDone(at=at, by=by, step=entry.pop("step"), text=reader.text(entry.pop("text", ""), by))


def _resolved(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.Resolved(at=at, by=by, outcome=entry.pop("outcome"), reason=reader.text(entry.pop("reason"), by))


def _surveyed(reader: Reader, at: datetime, _by: str, entry: Entry) -> Iterator[model.Event]:
    text = reader.text(entry.pop("text", ""), "customer")
    yield model.SurveyAnswered(at=at, by="customer", score=entry.pop("score"), text=text)


def _checked(reader: Reader, at: datetime, by: str, entry: Entry) -> Iterator[model.Event]:
    yield model.CheckedIn(at=at, by=by, solved=entry.pop("solved", True), text=reader.text(entry.pop("text"), by))


_MAKERS: Mapping[str, Any] = {
    "ack": _bare(model.Acknowledged),
    "take": _bare(model.Taken),
    "confirm": _bare(model.PointsConfirmed),
    "accept": _bare(model.HandOffAccepted),
    "close": _bare(model.Closed),
    "reply": _texted(model.Replied),
    "call": _texted(model.Called),
    "note": _texted(model.Noted),
    "wrote": _wrote,
    "severity": _severity,
    "answers": _answers,
    "escalate": _escalated,
    "propose": _proposed,
    "approve": _reasoned(model.Approved),
    "decide": _decided,
    "done": _done,
    "delay": _delayed,
    "resolve": _resolved,
    "survey": _surveyed,
    "checkin": _checked,
    "cause": _causes,
    "measure": _measure,
    "reopen": _reasoned(model.Reopened),
    "withdraw": _reasoned(model.Withdrawn),
    "outside": _reasoned(model.OutOfJurisdiction),
}


def phase_after(events: Iterable[model.Event], start: model.Phase) -> model.Phase:
    """The phase a case is in after these events."""
    phase = start
    for event in events:
        match event:
            case model.Acknowledged():
                phase = "acknowledged"
            case model.Answered() | model.Reopened():
                phase = "investigating"
            case model.Proposed(waits=False):
                phase = "proposed"
            case model.Decided(decision=decision):
                phase = "agreed" if decision == "accepted" else "investigating"
            case model.StepDone():
                phase = "carrying_out"
            case model.Resolved():
                phase = "resolved"
            case model.CheckedIn():
                phase = "followed_up"
            case model.Closed():
                phase = "closed"
            case model.Withdrawn():
                phase = "withdrawn"
            case model.OutOfJurisdiction():
                phase = "out_of_jurisdiction"
            case _:
                pass
    return phase


def facts_for(
    language: model.Language, unit: model.Unit, received: date, who: model.Customer, product: str | None, key: str
) -> Facts:
    """What the slots of a story are filled with."""
    words = {
        "order": order_number(key, language),
        "first": who.first,
        "surname": who.surname,
        "name": who.name,
        "title": who.title,
        "phone": who.phone,
        "account": who.account,
        "campaign": "25 Years of Tarnbrook" if language == "en" else "25 Jahre Tarnbrook",
        "unit": unit.name,
    }
    if product:
        item = company().product(product)
        price = item.price_gbp if unit.currency == "GBP" else item.price_eur
        symbol = f"£{price}" if language == "en" else f"{price} €"
        words |= {"product": item.name, "model": item.model, "price": symbol}
    return Facts(language=language, received=received, currency=unit.currency, words=words)


def _story(raw: dict[str, Any], now: datetime) -> model.Story:
    written = _Written.model_validate(raw)
    unit = company().unit(written.unit)
    zone = ZoneInfo(unit.timezone)
    received = received_at(written.at, zone, now)
    who = customer(written.customer, written.language, written.representing)
    facts = facts_for(written.language, unit, received.astimezone(zone).date(), who, written.product, written.key)
    text, points = marked(fill(written.text, facts))
    events = tuple(Reader(facts=facts, received=received, zone=zone).events(written.events))
    return model.Story(
        key=written.key,
        channel=written.channel,
        language=written.language,
        received_at=received,
        customer=who,
        subject=fill(written.subject, facts),
        text=text,
        unit=written.unit,
        category=ASPECTS[written.category],
        severity=written.severity,
        phase=phase_after(events, written.phase),
        points=points,
        product=written.product,
        firmware=written.firmware,
        order_number=facts.words["order"] if written.order else None,
        campaign=written.campaign,
        desired_outcome=written.desired,
        team=written.team or ("first-line-en" if written.language == "en" else "first-line-de"),
        handwritten=True,
        events=events,
    )


@cache
def _raw_stories() -> tuple[dict[str, Any], ...]:
    folder = resources.files("amends.cli.demo_company").joinpath("stories")
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    return tuple(raw for name in names for raw in load(f"stories/{name}")["stories"])


def written_stories(now: datetime) -> list[model.Story]:
    """Every hand-written story, told as of `now`; raises `WritingError` naming the story that breaks the form."""
    told = []
    for raw in _raw_stories():
        try:
            told.append(_story(raw, now))
        except (WritingError, ValidationError, KeyError, StopIteration) as problem:
            raise WritingError(f"story {raw.get('key')!r}: {problem}") from problem
    return told
