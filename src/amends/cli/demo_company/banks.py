"""The banks of written sentences, checked on reading."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from amends.cli.demo_company.model import Language
from amends.cli.demo_company.rendering import WritingError

DEVICE_ONLY = "~"  # begins a sentence that fits only when a device is at fault


def about_device(group: str) -> bool:
    """Whether complaints of that group are about a device and not about an order, a payment or a person."""
    return bool(complaints("en").groups[group].product)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ComplaintGroup(_Strict):
    product: str
    category: str
    lines: str
    firmware: str = ""
    campaign: bool = False


class Complaints(_Strict):
    version: int
    source: str
    groups: dict[str, ComplaintGroup]


class Voice(_Strict):
    """What surrounds a complaint, and short answers of customers and colleagues."""

    version: int
    source: str
    openings: list[str]
    details: list[str]
    wishes: list[str]
    closings: list[str]
    survey_good: list[str]
    survey_middling: list[str]
    survey_bad: list[str]
    checkins: list[str]
    accepted: list[str]
    declined: list[str]
    countered: list[str]
    withdrawn: list[str]
    outside: list[str]
    follow_ups: list[str]


class Offer(_Strict):
    remedies: list[str]
    steps: list[str]
    text: str


class HandlingGroup(_Strict):
    replies: list[str]
    notes: list[str]
    context: list[str]
    changes: list[str]
    environment: list[str]
    replication: list[str]
    offers: list[Offer]
    reasons: list[str]
    tree: str
    cause: str
    why: list[str]


class Handling(_Strict):
    version: int
    source: str
    greeting: str
    groups: dict[str, HandlingGroup]


class Line(_Strict):
    """One complaint of a bank."""

    group: str
    number: int
    severity: int
    subject: str
    text: str


def _read(name: str) -> object:
    file = resources.files("amends.cli.demo_company").joinpath(f"banks/{name}.yaml")
    return yaml.safe_load(file.read_text(encoding="utf-8"))


@cache
def complaints(language: Language) -> Complaints:
    return Complaints.model_validate(_read(f"{language}_complaints"))


@cache
def voice(language: Language) -> Voice:
    return Voice.model_validate(_read(f"{language}_voice"))


@cache
def handling(language: Language) -> Handling:
    return Handling.model_validate(_read(f"{language}_handling"))


def lines(language: Language) -> list[Line]:
    """Every complaint of the bank, in file order; raises `WritingError` naming a line that breaks the form."""
    found = []
    for key, group in complaints(language).groups.items():
        for number, raw in enumerate(group.lines.strip().splitlines(), start=1):
            parts = raw.split(" | ", 2)
            if len(parts) != 3 or parts[0] not in {"1", "2", "3", "4"}:
                raise WritingError(f"bank {language}, group {key}, line {number}: severity | subject | text")
            found.append(Line(group=key, number=number, severity=int(parts[0]), subject=parts[1], text=parts[2]))
    return found


def handling_group(language: Language, group: str) -> HandlingGroup:
    """What colleagues write about complaints of a group; the four hardware groups share one."""
    groups = handling(language).groups
    return groups.get(group) or groups["product"]
