"""What is decided without touching anything: who is unhappy, when to ask again, what may stand in public. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

UNHAPPY_LABELS: Final = frozenset({"complaint", "concern"})
FIRST_PAUSE: Final = 60.0
LONGEST_PAUSE: Final = 6 * 3600.0
NEEDS_A_PERSON: Final = frozenset({"token", "gone", "permanent"})
"""Kinds of errors that do not pass by themselves: asked again rarely, and shown as failing at once."""
FAILING_AFTER: Final = 3
ANSWER_WITHIN: Final = timedelta(hours=24)
"""How soon an unhappy review is to be answered in public, counted from when we read it."""
_DIGITS: Final = re.compile(r"\d")
_PHONE: Final = re.compile(r"\+?\d(?:[\s()./\-–]{0,3}\d){5,16}")
_PORTAL: Final = re.compile(r"/p/[\w.:~-]{8,}")
_LETTERS: Final = re.compile(r"[^a-z0-9]")


def unhappy_by(*, rating: int | None, threshold: int, label: str) -> str:
    """Why a review counts as unhappy: `rating`, `words`, or empty when it does not.

    Stars are what the author decided; only where there are none do the words decide.
    """
    if rating is not None:
        return "rating" if rating <= threshold else ""
    return "words" if label in UNHAPPY_LABELS else ""


def pause_after(*, kind: str, failures: int, wanted: float | None, chance: float) -> float:
    """Seconds until a source is asked again after its `failures`-th failure in a row.

    It doubles from a minute to six hours; `chance` (0 to 1) takes up to half of it off, so that sources that failed
    together do not come back together. What the other side asks for (`wanted`) is never undercut.
    """
    longest = LONGEST_PAUSE if kind not in NEEDS_A_PERSON else LONGEST_PAUSE * 2
    first = FIRST_PAUSE if kind not in NEEDS_A_PERSON else FIRST_PAUSE * 30
    pause = min(first * 2.0 ** min(max(failures, 1) - 1, 20), longest)
    pause *= 1 - min(max(chance, 0.0), 1.0) / 2
    return max(pause, (wanted or 0) * (1 + chance / 10))


def is_failing(*, kind: str, failures: int) -> bool:
    """Whether a source needs a look: what does not pass by itself at once, anything else after three failures."""
    return failures > 0 and (kind in NEEDS_A_PERSON or failures >= FAILING_AFTER)


def next_full_sweep(*, last: datetime | None, now: datetime) -> bool:
    """Whether it is time to read everything again, for old reviews that were edited or deleted: once a day."""
    return last is None or now - last >= timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Private:
    """What is known of a person and must not stand in public: word of ours for what it is, and the value."""

    what: str
    value: str


def private_values(
    *, people: Iterable[Any], reference: str, attributes: dict[str, Any], public_names: Iterable[str]
) -> list[Private]:
    """Everything of a case that must not stand in public; names that the author shows there themselves may."""
    shown = {_squeezed(one) for one in public_names}
    found = [Private("reference", reference)]
    for person in people:
        found += [
            Private("name", person.name),
            Private("e-mail address", person.email),
            Private("phone number", person.phone),
            Private("account number", person.account_number),
            Private("user name", person.user_name),
            *(Private("address", line) for line in person.address.splitlines() if len(line.strip()) >= 8),
        ]
    for value in attributes.values():
        if isinstance(value, str) and 5 <= len(value) <= 60 and _DIGITS.search(value) and not value.startswith("http"):
            found.append(Private("number", value))
    return [one for one in found if len(_squeezed(one.value)) >= 3 and _squeezed(one.value) not in shown]


def shown_in_public(text: str, private: Iterable[Private], allowed: str = "") -> list[str]:
    """What of `private` stands in `text`, however it is spaced or written; also any link into a case.

    `allowed` is the organisation's own way of contact, which is taken out before anything is compared.
    """
    rest = text
    for piece in filter(None, (allowed, *allowed.split())):
        rest = rest.replace(piece, " ")
    found = ["link into the case"] if _PORTAL.search(rest) else []
    lowered, squeezed = rest.lower(), _squeezed(rest)
    numbers = [_end_of_number(one.group()) for one in _PHONE.finditer(rest)]
    for one in private:
        value = one.value.strip()
        if one.what == "phone number":
            hit = len(_end_of_number(value)) >= 6 and _end_of_number(value) in numbers
        elif one.what in ("reference", "account number", "number"):
            hit = len(_squeezed(value)) >= 4 and _squeezed(value) in squeezed
        else:
            hit = value.lower() in lowered
        if hit and one.what not in found:
            found.append(one.what)
    return found


def _squeezed(text: str) -> str:
    return _LETTERS.sub("", text.lower())


def _end_of_number(number: str) -> str:
    """The last eight digits: the same with and without the country's prefix."""
    return "".join(_DIGITS.findall(number))[-8:]
