"""Small turns of words between the stories and the system's own letters and lists (PURE)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

from amends.cli.demo_company import model
from amends.handling.public import NewRemedy

REMEDIES: Final = {"gesture": "compensation", "warranty_extension": "warranty"}
_GREETING = re.compile(
    r"\A(?:Dear|Hi|Hello|Sehr geehrte[r]?|Liebe[r]?|Guten (?:Tag|Morgen|Abend)|Hallo|Moin)\b[^,\n]*,\s*"
)


def body_of(text: str, name: str) -> str:
    """What a letter says, without its greeting and signature: the system's own letters bring theirs."""
    body = _GREETING.sub("", text.strip()).strip()
    lines = body.removesuffix(name).rstrip().splitlines()
    while lines and lines[-1].strip() in {"", "Customer care", "Kundenbetreuung", name.split(maxsplit=1)[0]}:
        lines.pop()
    body = "\n".join(lines).removesuffix(name.split(maxsplit=1)[0]).strip() or text
    return body[0].upper() + body[1:]


def overlap(one: str, other: str) -> bool:
    """Whether two quotations are about the same: one holds the other, or most of its words."""
    if one in other or other in one:
        return True
    first, second = set(one.lower().split()), set(other.lower().split())
    return len(first & second) >= 0.6 * min(len(first), len(second))


def as_offered(remedy: model.Remedy) -> NewRemedy:
    """A remedy of a story as the system names it."""
    amount = Decimal(remedy.amount) if remedy.amount else None
    return NewRemedy(kind=REMEDIES.get(remedy.kind, remedy.kind), amount=amount, text=remedy.detail)
