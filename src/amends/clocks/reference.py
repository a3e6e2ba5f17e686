"""The reference page of the built-in rule packs, written from the packs themselves.

`python -m amends.clocks.reference` writes docs/reference/rule-packs.md; a test keeps the page current.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

from amends.clocks.library import packs
from amends.clocks.rulepack import ClockRule, RulePack
from amends.clocks.rulewords import Certainty, Condition, Missed
from amends.clocks.wording import LANGUAGES, span_of

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "rule-packs.md"

HEAD = """\
# Rule packs

<!-- Written from the packs by `python -m amends.clocks.reference`. Change the packs, not this page. -->

A rule pack is one regime's clocks as data, with a version, a source for every figure and worked examples that the
tests run. How a clock counts, how to write a pack of your own and how to ask for dates from a script is in
[clocks.md](clocks.md). Nothing here is legal advice: *unconfirmed* means that the figure was not read in the rule's
own text, and has to be before it is relied on.
"""


def page() -> str:
    """The whole page."""
    return "\n".join([HEAD, *(line for pack in packs().values() for line in _pack(pack))])


def _pack(pack: RulePack) -> Iterator[str]:
    calendar = pack.calendar
    places = ", ".join(calendar.countries) or "the complaint's own country"
    parts = {"counted": "with the holidays of its parts", "ignored": "national holidays only"}.get(
        calendar.parts, f"always that of {calendar.parts}"
    )
    yield f"## {pack.title.en}: `{pack.key}`\n"
    yield f"{pack.scope.en}\n"
    yield f"* Version {pack.version.isoformat()}; {pack.regime}"
    yield f"* Calendar: {places}, {parts}; {calendar.timezone} where the complaint names no time zone"
    yield from _obligations(pack)
    yield ""
    yield "| clock | starts | time | when | if missed | stopped by | source |"
    yield "|---|---|---|---|---|---|---|"
    yield from (_clock(rule) for rule in pack.clocks)
    yield "\nExamples:\n"
    for example in pack.examples:
        dues = ", ".join(f"`{name}` {moment.isoformat()}" for name, moment in example.due.items())
        place = _place(example.country, example.subdivision)
        yield f"* {example.says} {example.received.isoformat()} in {place}: {dues}"
    yield ""


def _obligations(pack: RulePack) -> Iterator[str]:
    scope = pack.applies_to
    limits = [", ".join(one) for one in (scope.products, scope.jurisdictions, scope.complainants, scope.aspects) if one]
    if limits:
        yield f"* Concerns: {'; '.join(limits)}"
    if pack.facts:
        yield f"* Facts that a person states: {', '.join(f'`{name}` ({fact.title.en})' for name, fact in pack.facts.items())}"
    for letter in pack.letters:
        said = "; ".join(words.en for words in letter.must_say)
        yield f"* Letter `{letter.letter}`, {letter.when.en}{f': {said}' if said else ''}{_doubt(letter.certainty)}"
    if pack.retention:
        kept = pack.retention
        note = f", {kept.note}" if kept.note else ""
        yield (
            f"* Records are kept {kept.years} years from when it was {kept.counted_from}{note} "
            f"({kept.source.citation}){_doubt(kept.certainty)}"
        )
    if pack.required_fields:
        yield f"* The record must have: {', '.join(name.replace('_', ' ') for name in pack.required_fields)}"


def _doubt(certainty: Certainty) -> str:
    return "" if certainty is Certainty.CONFIRMED else " *unconfirmed*"


def _when(rule: ClockRule) -> str:
    counted = f"counts from the date {rule.counts_from}" if rule.counts_from else ""
    started = f"from {rule.starts_from.isoformat()}" if rule.starts_from else ""
    ended = f"until {rule.starts_until.isoformat()}" if rule.starts_until else ""
    return "; ".join(filter(None, (_condition(rule.when), counted, started, ended))) or "always"


def _clock(rule: ClockRule) -> str:
    cells = (
        f"`{rule.name}`<br>{rule.title.en}",
        ", ".join(rule.start),
        f"{span_of(rule, LANGUAGES['en'])}, {rule.end.value.replace('_', ' ')}",
        _when(rule),
        "we broke it" if rule.missed is Missed.BREACH else "a possibility lapses",
        ", ".join(rule.stops),
        rule.source.citation + _doubt(rule.certainty),
    )
    return f"| {' | '.join(cells)} |"


def _condition(when: Condition) -> str:
    wanted = [f"{name}: {_value(value)}" for name, value in when.all.items()]
    unwanted = [f"not {name}: {_value(value)}" for name, value in when.none.items()]
    return "; ".join(wanted + unwanted)


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return " or ".join(map(_value, value)) if isinstance(value, list) else str(value)


def _place(country: str | None, subdivision: str | None) -> str:
    return "-".join(filter(None, (country, subdivision))) or "no country"


if __name__ == "__main__":
    sys.exit(PAGE.write_text(page(), encoding="utf-8") == 0)
