"""The routing rules as data: what a rule asks, where it sends a case, and the first that holds (PURE)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from amends.routing.rules import TeamChoice, choose_team

MAX_RULES = 200
Key = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f]+$")]
Skill = Annotated[str, Field(max_length=40, pattern=r"^[a-z0-9][a-z0-9-]*$|^$")]
Keys = Annotated[tuple[Key, ...], Field(max_length=50)]


class RuleSetError(ValueError):
    """The rules cannot be used.

    Attributes:
        rule: the number of the wrong rule, from 1; 0 when the fault is in no single rule.
        field: the field that is wrong, such as `when.severity_from`.
    """

    def __init__(self, rule: int, field: str, reason: str) -> None:
        super().__init__(f"rule {rule}, {field}: {reason}" if rule else f"{field}: {reason}")
        self.rule, self.field, self.reason = rule, field, reason


class Strict(BaseModel):
    """Unknown words are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class When(Strict):
    """What must hold of a case, all of it; what is not said does not matter.

    Attributes:
        packs: rule packs of the case's unit, such as `uk-fca-disp`.
        units: keys of units; a case of a unit below one of them counts.
        words: one of them stands in what the customer says, whole and in any case.
        value_from: the price of the product or the value sent with the complaint, in the unit's currency.
    """

    channels: Keys = ()
    categories: Keys = ()
    products: Keys = ()
    lines: Keys = ()
    languages: Keys = ()
    severity_from: Annotated[int, Field(ge=1, le=4)] | None = None
    packs: Keys = ()
    units: Keys = ()
    words: Keys = ()
    vulnerable: bool | None = None
    safety: bool | None = None
    legal_or_media: bool | None = None
    value_from: Annotated[Decimal, Field(ge=0, max_digits=12, decimal_places=2)] | None = None


class To(Strict):
    """Where a case goes: a team by its key, else the nearest team of a tier that speaks the language."""

    team: Annotated[str, Field(max_length=80)] = ""
    tier: Annotated[int, Field(ge=1, le=5)] | None = None
    nearest: Literal[True] | None = None

    @model_validator(mode="after")
    def _one_way(self) -> To:
        if sum([bool(self.team), self.tier is not None, self.nearest is not None]) != 1:
            raise ValueError("name one of team, tier and nearest")
        return self


class Rule(Strict):
    """One rule; its place in the list is its priority."""

    when: When = When()
    to: To
    skill: Skill = ""

    @model_validator(mode="after")
    def _asks_something(self) -> Rule:
        if self.when == When():
            raise ValueError("a rule without a condition would leave nothing for those after it")
        return self


class RuleSet(Strict):
    """All rules in order. After the last: the nearest front-line team that speaks the language."""

    rules: Annotated[tuple[Rule, ...], Field(max_length=MAX_RULES)] = ()


BUILT_IN = RuleSet()


class Facts(Strict):
    """What the rules look at. `unit_keys` are the unit's and those of all above it."""

    channel: str
    category: str = ""
    product: str = ""
    line: str = ""
    language: str = ""
    severity: int = 2
    packs: tuple[str, ...] = ()
    unit_keys: tuple[str, ...] = ()
    unit_path: str
    text: str = ""
    vulnerable: bool = False
    safety: bool = False
    legal_or_media: bool = False
    value: Decimal | None = None


class Decision(Strict):
    """Where a case goes. `rule` is its number from 1; 0 is the default after the last."""

    team_id: int
    rule: int
    skill: str
    reason: str


def read_rule_set(document: object) -> RuleSet:
    """The rules in a JSON document.

    Raises:
        RuleSetError: with the rule's number, the field and the reason.
    """
    try:
        return RuleSet.model_validate(document)
    except ValidationError as refused:
        first = refused.errors(include_url=False, include_context=False, include_input=False)[0]
        place = list(first["loc"])
        rule = int(place[1]) + 1 if len(place) > 1 and place[0] == "rules" else 0
        field = ".".join(str(one) for one in (place[2:] if rule else place)) or "rules"
        raise RuleSetError(rule, field or "rule", first["msg"]) from None


def check_names(rules: RuleSet, known: Mapping[str, frozenset[str]]) -> None:
    """Refuse names that nothing here has. `known` may have teams, units, products, lines, channels, categories, packs.

    Raises:
        RuleSetError: for the first unknown name.
    """
    for number, rule in enumerate(rules.rules, start=1):
        asked: dict[str, Sequence[str]] = {
            "units": rule.when.units,
            "products": rule.when.products,
            "lines": rule.when.lines,
            "channels": rule.when.channels,
            "categories": rule.when.categories,
            "packs": rule.when.packs,
        }
        for field, names in asked.items():
            unknown = [one for one in names if field in known and one not in known[field]]
            if unknown:
                raise RuleSetError(number, f"when.{field}", f"there is no {unknown[0]!r}")
        if rule.to.team and rule.to.team not in known["teams"]:
            raise RuleSetError(number, "to.team", f"there is no team {rule.to.team!r}")


def holds(when: When, facts: Facts) -> bool:
    """Whether every condition holds."""
    lists: tuple[tuple[Sequence[str], Sequence[str]], ...] = (
        (when.channels, (facts.channel,)),
        (when.categories, (facts.category,)),
        (when.products, (facts.product,)),
        (when.lines, (facts.line,)),
        (when.languages, (facts.language,)),
        (when.packs, facts.packs),
        (when.units, facts.unit_keys),
    )
    flags = (
        (when.vulnerable, facts.vulnerable),
        (when.safety, facts.safety),
        (when.legal_or_media, facts.legal_or_media),
    )
    return (
        all(not asked or set(asked) & set(has) for asked, has in lists)
        and all(asked is None or asked == has for asked, has in flags)
        and (when.severity_from is None or facts.severity >= when.severity_from)
        and (when.value_from is None or (facts.value is not None and facts.value >= when.value_from))
        and (not when.words or _says_one_of(facts.text, when.words))
    )


def _says_one_of(text: str, words: Sequence[str]) -> bool:
    said = text.casefold()
    return any(re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", said) for one in words)


def decide(rules: RuleSet, facts: Facts, teams: Sequence[TeamChoice]) -> Decision | None:
    """Where a case goes: the first rule that holds and whose team exists, else the default; None when there is no team."""
    for number, rule in enumerate(rules.rules, start=1):
        if not holds(rule.when, facts):
            continue
        if rule.to.team:
            team = next((one for one in teams if one.key == rule.to.team), None)
            if team is not None:
                return Decision(team_id=team.id, rule=number, skill=rule.skill, reason=f"rule {number}")
            continue
        routed = choose_team(unit_path=facts.unit_path, language=facts.language, teams=teams, tier=rule.to.tier or 1)
        if routed is not None:
            return Decision(
                team_id=routed.team_id, rule=number, skill=rule.skill, reason=f"rule {number}, {routed.reason}"
            )
    routed = choose_team(unit_path=facts.unit_path, language=facts.language, teams=teams)
    return None if routed is None else Decision(team_id=routed.team_id, rule=0, skill="", reason=routed.reason)


def document_of(rules: RuleSet) -> dict[str, Any]:
    """The rules as JSON values, without what is not said."""
    return rules.model_dump(mode="json", exclude_defaults=True) or {"rules": []}
