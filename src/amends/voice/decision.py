"""Whether a complaint is acknowledged by a letter of its own accord (PURE)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from amends.cases.public import Phase


class Acknowledge(StrEnum):
    """What to do about the first answer."""

    BY_LETTER = "by_letter"
    BY_A_PERSON = "by_a_person"
    BY_PHONE = "by_phone"
    PERHAPS_NO_COMPLAINT = "perhaps_no_complaint"
    NOT = "not"


@dataclass(frozen=True, slots=True)
class Facts:
    """What the decision depends on.

    Attributes:
        waits_for_us: the customer's last word is unanswered; never so for what was imported.
        answered: something went out to the customer already, or is on its way.
        sensitive: safety, legal, media or a death: a template would sound like mockery or be held against the house.
        other: the model, or a person, put it aside as something else; whoever is unsure leaves it with the complaints, and a
            letter too many is forgiven.
    """

    phase: str
    acknowledged: bool
    waits_for_us: bool
    answered: bool
    sensitive: bool
    other: bool
    reachable: bool


def decide(facts: Facts) -> Acknowledge:
    """The first that holds. What came over the complaint form is never set aside by the model, only by a person."""
    new = facts.phase in (Phase.RECEIVED, Phase.REGISTERED) and not facts.acknowledged
    if not new or facts.answered or not facts.waits_for_us:
        return Acknowledge.NOT
    if facts.sensitive:
        return Acknowledge.BY_A_PERSON
    if facts.other:
        return Acknowledge.PERHAPS_NO_COMPLAINT
    return Acknowledge.BY_LETTER if facts.reachable else Acknowledge.BY_PHONE
