"""What `amends doctor` finds in rules that are data: packs, closed days, letters, alerts, escalation, routing, playbooks, causes.

A wrong file never stops the work: the built-in rules hold meanwhile, or the rule is left out. That is why somebody has to
be told of it, with file, line and reason.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from amends.cli.environment import Environment
from amends.cli.findings import Finding, bad, good


def rule_packs(_where: Environment) -> Iterator[Finding]:
    """Whether the packs can be read and the units name existing ones."""
    from amends.accounts.public import Unit
    from amends.clocks.public import pack_problems

    named = {key for keys in Unit.objects.values_list("rule_packs", flat=True) for key in keys}
    yield from _findings(pack_problems(sorted(named)), "The rule packs can be read, and units name existing ones.")


def calendars(_where: Environment) -> Iterator[Finding]:
    """Whether the zone, country and part of every unit can be counted with, and leave a day to work on."""
    from amends.clocks.public import calendar_problems

    yield from _findings(calendar_problems(), "The calendars of all units can be counted with.")


def letters(_where: Environment) -> Iterator[Finding]:
    """Whether the organisation's own letters, and the rules that choose among them, can be used."""
    from amends.voice.public import letter_problems

    yield from _findings(letter_problems(), "The letters can be written.")


def alerts(_where: Environment) -> Iterator[Finding]:
    """Whether the rules of who must know can be read, and the file of services and webhooks."""
    from amends.notifications.public import OutsideFileError, outside
    from amends.routing.alert_rules import AlertRulesError, read_rules
    from amends.routing.configured import rules_file

    problems = [
        *_refused(lambda: read_rules(rules_file()), AlertRulesError),
        *_refused(outside, OutsideFileError),
    ]
    yield from _findings(problems, "The rules of who must know can be read.")


def escalation_criteria(_where: Environment) -> Iterator[Finding]:
    """Whether the organisation's own criteria of escalation can be read."""
    from amends.routing.public import criteria_problem

    problem = criteria_problem()
    said = [f"{problem}. The built-in criteria hold until it is mended."] if problem else []
    yield from _findings(said, "The criteria of escalation can be read.")


def routing_rules(_where: Environment) -> Iterator[Finding]:
    """Whether the rules in force and the draft can be read and name teams, units and products that exist."""
    from amends.routing.ruleset import RuleSetError, check_names
    from amends.routing.rulesets import active_version, draft, known_names, rules_of

    problems = []
    for version, name in ((active_version(), "in force"), (draft(), "in the draft")):
        try:
            check_names(rules_of(version), known_names())
        except RuleSetError as wrong:
            problems.append(f"The routing rules {name}: {wrong}")
    yield from _findings(problems, "The routing rules can be used.")


def playbooks_and_causes(_where: Environment) -> Iterator[Finding]:
    """Whether the organisation's own playbooks and causes can be read."""
    from django.conf import settings

    from amends.handling.library import PlaybookError, read_folder
    from amends.review.causes import CausesError, read_causes

    problems = []
    if own := settings.AMENDS_PLAYBOOKS_DIR:
        folder = Path(own)
        problems += [] if folder.is_dir() else [f"{folder}: this folder for playbooks is not there"]
        problems += [f"{folder}: {one}" for one in _refused(lambda: read_folder(folder), PlaybookError)]
    if own := settings.AMENDS_CAUSES_FILE:
        problems += [f"{Path(own).parent}: {one}" for one in _refused(lambda: read_causes(Path(own)), CausesError)]
    yield from _findings(problems, "The playbooks and causes can be read.")


def _refused(read: Callable[[], object], error: type[Exception]) -> list[str]:
    """What the reader says when it refuses; nothing when it reads."""
    try:
        read()
    except error as wrong:
        return [str(wrong)]
    return []


def _findings(problems: list[str], well: str) -> Iterator[Finding]:
    yield from [bad(problem) for problem in problems] or [good(well)]


RULES = (rule_packs, calendars, letters, alerts, escalation_criteria, routing_rules, playbooks_and_causes)
