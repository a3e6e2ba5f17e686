"""What a draft would have done with cases of the past: read, counted, nothing written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from amends.accounts.public import Actor, Permission
from amends.cases.public import Complaint
from amends.routing.facts import Units, facts_of, with_what_rules_need
from amends.routing.models import RoutedCase
from amends.routing.ruleset import RuleSet, decide
from amends.routing.selectors import team_choices

PAST = 500


@dataclass(frozen=True, slots=True)
class Move:
    """So many cases that one rule (0: the default) would have sent from one team to another."""

    rule: int
    from_team: str
    to_team: str
    cases: int


@dataclass(frozen=True, slots=True)
class Trial:
    """What a draft would have done.

    Attributes:
        looked_at: how many cases.
        moved: how many of them would be with another team than they were sent to.
        by_rule: how many each rule would have decided, by its number; 0 is the default.
        moves: from and to, the most first.
        examples: references of some that would have moved.
    """

    looked_at: int
    moved: int
    by_rule: dict[int, int]
    moves: tuple[Move, ...]
    examples: tuple[str, ...]


def try_out(*, actor: Actor, rules: RuleSet, last: int = PAST) -> Trial:
    """Decide the last routed cases anew by these rules (4 queries, whatever the number of cases)."""
    actor.require(Permission.SETTINGS_CHANGE)
    cases = _past_cases(last)
    facts = facts_of([case for case, _team in cases], Units())
    teams = team_choices()
    names = {one.id: one.name for one in teams}
    by_rule: Counter[int] = Counter()
    moves: Counter[tuple[int, int, int]] = Counter()
    examples: list[str] = []
    for case, was in cases:
        decided = decide(rules, facts[case.pk], teams)
        if decided is None:
            continue
        by_rule[decided.rule] += 1
        if decided.team_id != was:
            moves[(decided.rule, was, decided.team_id)] += 1
            if case.reference and len(examples) < 10:
                examples.append(case.reference)
    return Trial(
        looked_at=len(cases),
        moved=sum(moves.values()),
        by_rule=dict(sorted(by_rule.items())),
        moves=tuple(
            Move(rule, names.get(was, "?"), names.get(now, "?"), count)
            for (rule, was, now), count in sorted(moves.items(), key=lambda one: (-one[1], one[0]))
        ),
        examples=tuple(examples),
    )


def _past_cases(last: int) -> Sequence[tuple[Complaint, int]]:
    """The last routed cases with the team that each was sent to; older ones, from before this was kept, with their team of today."""
    kept = list(RoutedCase.objects.order_by("-at", "-id").values_list("complaint_id", "team_id")[:last])
    teams = dict(kept)
    rows = list(with_what_rules_need(Complaint.objects.filter(pk__in=teams)))
    found = [(one, teams[one.pk]) for one in rows]
    if len(found) < last:
        older = with_what_rules_need(Complaint.objects.filter(routed_by=None, team__isnull=False))
        found += [(one, one.team_id or 0) for one in older.order_by("-received_at", "-id")[: last - len(found)]]
    return found
