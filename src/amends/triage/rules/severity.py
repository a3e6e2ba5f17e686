"""How bad it is, 1 (annoyance) to 4 (danger to life or health, livelihood, loss that cannot be made good)."""

from __future__ import annotations

import re

from amends.triage.evidence import Evidence
from amends.triage.grammar import words
from amends.triage.rules.context import Earlier
from amends.triage.values import Judgement, Reason

FIELD = "severity"
LARGE_SUM = 1000.0
_ORDINARY = 2
_CURRENCIES = words("currencies")
_NUMBER = re.compile(r"\d{1,12}(?:[.,]\d{1,12})*")


def judge(evidence: Evidence, earlier: Earlier) -> Judgement:
    """The worst thing found decides."""
    label = earlier["label"].value
    if label != "complaint":
        return Judgement(FIELD, 1, (Reason(FIELD, 1, f"rule severity: it is labelled {label}"),))
    value, because = max(_grounds(evidence, earlier), key=lambda ground: ground[0])
    return Judgement(FIELD, value, (Reason(FIELD, value, f"rule severity: {because}"),))


def _grounds(evidence: Evidence, earlier: Earlier) -> list[tuple[int, str]]:
    hits = [hit for hit in evidence.hits(FIELD) if not evidence.negated(hit)]
    grounds = [(hit.group.severity or 1, f"{evidence.quote(hit)} ({hit.group.name})") for hit in hits]
    trivial = bool(grounds) and all(value == 1 for value, _ in grounds)
    if not trivial:
        grounds.append((_ORDINARY, "an ordinary failure"))
    grounds += [
        (finding.hit.group.severity, f"{evidence.quote(finding.hit)} ({finding.name})")
        for finding in evidence.findings
        if finding.hit.group.severity and finding.weight >= 1
    ]
    if earlier["safety"].value:
        grounds.append((4, "somebody was or may be hurt"))
    if earlier["vulnerable"].value:
        grounds.append((3, "a vulnerable customer is hit"))
    total = largest_sum(evidence)
    if total >= LARGE_SUM:
        grounds.append((3, f"a sum of {total:,.0f}"))
    return grounds


def largest_sum(evidence: Evidence) -> float:
    """Return the largest amount of money named in the message, in whatever currency."""
    forms = evidence.text.forms
    largest = 0.0
    for index, form in enumerate(forms):
        if form[0].isdigit() and _CURRENCIES & set(forms[max(0, index - 1) : index + 2]):
            largest = max(largest, _amount(form))
    return largest


def _amount(form: str) -> float:
    """Read 1,450.00 and 1.450,00 alike: the last separator is the decimal one when two digits follow it."""
    if not _NUMBER.fullmatch(form):
        return 0.0
    parts = re.split(r"[.,]", form)
    if len(parts) > 1 and len(parts[-1]) != 3:
        return float("".join(parts[:-1]) + "." + parts[-1])
    return float("".join(parts))
