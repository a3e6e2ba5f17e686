"""How many mails may leave for one address and in one case (PURE). A loop between two programs ends here at the latest.

Automatic mail and mail that a person wrote are counted apart: what programs send never keeps a person's answer back.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_LIMIT = re.compile(r"(recipient|case)\s+(\d{1,6})\s*/\s*(\d{1,4})([mhd])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
LONGEST = timedelta(days=7)


class BudgetError(ValueError):
    """A budget that cannot be read; the message says what a good one looks like."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` mails for one address (`per` recipient) or in one case (`per` case) within `window`."""

    per: str
    count: int
    window: timedelta


@dataclass(frozen=True, slots=True)
class Sent:
    """A mail that was let out: when, by whom or what, and whether it counts for this address and for this case."""

    at: datetime
    automatic: bool
    same_recipient: bool
    same_case: bool


@dataclass(frozen=True, slots=True)
class Held:
    """Why a mail must wait, and until when at least."""

    limit: Limit
    until: datetime


def parse_budget(text: str) -> tuple[Limit, ...]:
    """Limits from a text such as `recipient 10/10m, recipient 30/1d, case 10/1h`; an empty text is no limit.

    Raises:
        BudgetError: it cannot be read.
    """
    limits = []
    for part in (one.strip() for one in text.split(",")):
        if not part:
            continue
        match = _LIMIT.fullmatch(part)
        window = _UNITS[match[4]] * int(match[3]) if match else timedelta()
        if match is None or not int(match[2]) or not timedelta() < window <= LONGEST:
            raise BudgetError(
                f"{part!r} is no send budget: write `recipient 10/10m` or `case 10/1h` (m, h, d; at most seven days)."
            )
        limits.append(Limit(match[1], int(match[2]), window))
    return tuple(limits)


def decide(limits: Sequence[Limit], sent: Iterable[Sent], *, automatic: bool, now: datetime) -> Held | None:
    """None when one more mail may leave now; otherwise the limit that frees last.

    Only mail of the same sort counts: automatic for automatic, a person's for a person's.
    """
    same_sort = [one for one in sent if one.automatic == automatic]
    worst: Held | None = None
    for limit in limits:
        counted = sorted(
            one.at
            for one in same_sort
            if (one.same_recipient if limit.per == "recipient" else one.same_case) and one.at > now - limit.window
        )
        if len(counted) < limit.count:
            continue
        until = counted[len(counted) - limit.count] + limit.window
        if worst is None or until > worst.until:
            worst = Held(limit, until)
    return worst


def sentence(limit: Limit) -> str:
    """Why it waits, in words for people."""
    minutes = int(limit.window.total_seconds() // 60)
    span = (
        f"{minutes // 1440} d"
        if minutes % 1440 == 0
        else f"{minutes // 60} h"
        if minutes % 60 == 0
        else f"{minutes} min"
    )
    whom = "to this address" if limit.per == "recipient" else "in this case"
    return f"Held back: {limit.count} mails {whom} within {span} are the limit. Send it all the same, or call it back."
