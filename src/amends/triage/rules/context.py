"""What the rules have in common: the judgements made before, and how flags are judged."""

from __future__ import annotations

from collections.abc import Mapping

from amends.triage.evidence import Evidence
from amends.triage.lexicon import Hit
from amends.triage.values import Judgement, Reason

Earlier = Mapping[str, Judgement]
"""The judgements of the rules that stand earlier in the list, by field."""


def flag(evidence: Evidence, field: str, live: list[Hit]) -> Judgement:
    """Return a yes/no judgement that quotes the first two live phrases."""
    if not live:
        return Judgement(field, False)
    words = ", ".join(dict.fromkeys(f"{evidence.quote(hit)} ({hit.group.name})" for hit in live[:2]))
    return Judgement(field, True, (Reason(field, True, f"rule {field}: {words}"),), {"hits": live})
