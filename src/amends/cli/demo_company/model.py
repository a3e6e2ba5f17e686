"""The shapes of the demo company: who works there, what it sells, and what happened in each story.

Everything is a frozen value. Times are aware datetimes in UTC; amounts are whole units of the region's currency.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Language = Literal["en", "de"]
Channel = Literal["email", "web", "api", "phone", "survey"]
Aspect = Literal[
    "delivery",
    "goods_quality",
    "service",
    "campaign_terms",
    "price",
    "billing",
    "waiting_time",
    "communication",
    "privacy_data",
    "staff_manner",
]
Phase = Literal[
    "received",
    "registered",
    "acknowledged",
    "investigating",
    "proposed",
    "agreed",
    "carrying_out",
    "resolved",
    "followed_up",
    "closed",
    "withdrawn",
    "out_of_jurisdiction",
]
PHASES: tuple[Phase, ...] = (
    "received",
    "registered",
    "acknowledged",
    "investigating",
    "proposed",
    "agreed",
    "carrying_out",
    "resolved",
    "followed_up",
    "closed",
    "withdrawn",
    "out_of_jurisdiction",
)
Question = Literal["context", "changes", "environment", "replication"]
Outcome = Literal["upheld", "partly_upheld", "not_upheld"]
QUESTIONS: tuple[Question, ...] = ("context", "changes", "environment", "replication")


@dataclass(frozen=True, slots=True)
class Unit:
    key: str
    name: str
    parent: str | None
    country: str
    timezone: str
    currency: str


@dataclass(frozen=True, slots=True)
class Team:
    key: str
    name: str
    unit: str
    tier: int
    languages: tuple[Language, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at the demo company; `authority` is what they may grant alone, in whole currency units."""

    key: str
    name: str
    role: str
    title: str
    unit: str
    languages: tuple[str, ...]
    teams: tuple[str, ...] = ()
    authority: int = 0
    email: str = ""


@dataclass(frozen=True, slots=True)
class Firmware:
    version: str
    released: int  # days before now


@dataclass(frozen=True, slots=True)
class Product:
    key: str
    name: str
    model: str
    kind: str
    price_gbp: int
    price_eur: int
    firmware: tuple[Firmware, ...]


@dataclass(frozen=True, slots=True)
class Company:
    name: str
    domain: str
    campaign: str
    campaign_terms: str
    units: tuple[Unit, ...]
    teams: tuple[Team, ...]
    people: tuple[Person, ...]
    products: tuple[Product, ...]

    def unit(self, key: str) -> Unit:
        return next(unit for unit in self.units if unit.key == key)

    def team(self, key: str) -> Team:
        return next(team for team in self.teams if team.key == key)

    def person(self, key: str) -> Person:
        return next(person for person in self.people if person.key == key)

    def product(self, key: str) -> Product:
        return next(product for product in self.products if product.key == key)


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer of the demo company; addresses and numbers lie in ranges reserved for fiction."""

    title: str
    name: str
    email: str
    phone: str
    address: str
    account: str
    representative_of: str = ""

    @property
    def first(self) -> str:
        return self.name.split()[0]

    @property
    def surname(self) -> str:
        return self.name.split(maxsplit=1)[-1]


@dataclass(frozen=True, slots=True)
class Point:
    """One thing that went wrong; `words` is an exact substring of the complaint's text."""

    words: str
    aspect: Aspect


@dataclass(frozen=True, slots=True)
class Remedy:
    """What is offered; `amount` is money (or percent for a discount, months for a longer warranty), 0 when none."""

    kind: str
    amount: int = 0
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    what: str
    who: str  # a person's key, or "customer"
    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a story; `by` is a person's key, "customer" or "system"."""

    at: datetime
    by: str = "system"


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledged(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerWrote(Event):
    text: str
    channel: Channel = "email"


@dataclass(frozen=True, slots=True, kw_only=True)
class Called(Event):
    """A call with the customer and what was said in it."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted(Event):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PointsConfirmed(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class SeveritySet(Event):
    severity: int
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Event):
    """An answer to one of the investigation's questions."""

    question: Question
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalated(Event):
    team: str
    reason: str
    packet: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOffAccepted(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed(Event):
    text: str
    remedies: tuple[Remedy, ...]
    steps: tuple[Step, ...]
    waits: bool = False  # for the approval of somebody with more authority; the customer has not seen it


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Event):
    """The customer's answer to the proposal."""

    decision: Literal["accepted", "declined", "counter"]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepDone(Event):
    step: int  # 1-based, within the newest proposal
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayExplained(Event):
    step: int
    new_due: date
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved(Event):
    outcome: Outcome
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SurveyAnswered(Event):
    """`score` is 0 to 10: how well the complaint was put right."""

    score: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckedIn(Event):
    solved: bool
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCauseRecorded(Event):
    """What really went wrong: `tree` is a key of the tree of causes, `cause` says it in words."""

    tree: str
    cause: str
    why: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurePlanned(Event):
    """A corrective action; `key` is shared by the cases that led to the same one."""

    key: str
    what: str
    owner: str
    due: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Reopened(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Event):
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawn(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfJurisdiction(Event):
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One complaint and everything that followed, oldest event first."""

    key: str
    channel: Channel
    language: Language
    received_at: datetime
    customer: Customer
    subject: str
    text: str
    unit: str
    category: Aspect
    severity: int
    phase: Phase
    points: tuple[Point, ...]
    product: str | None = None
    firmware: str | None = None
    order_number: str | None = None
    campaign: bool = False
    desired_outcome: str | None = None
    team: str = ""
    handwritten: bool = False
    events: tuple[Event, ...] = field(default_factory=tuple)
