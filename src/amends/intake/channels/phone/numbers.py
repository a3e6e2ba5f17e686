"""Telephone numbers: one way of writing, and how to recognise a caller (PURE).

The calling codes are those of the countries a unit can be in; a number without one belongs to the unit's country.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

CODES_FILE = Path(__file__).parent / "calling_codes.toml"
TAIL = 9
"""Digits at the end that tell callers apart, whatever way the beginning was written: +44 20 7946 0001, 020 7946 0001."""
SHORTEST = 6
_NOT_DIGITS = re.compile(r"\D")
_EXTENSION = re.compile(r"(?:;|\bext\.?|\bx|durchwahl)\s*\d+\s*$|;.*$", re.IGNORECASE)


@cache
def calling_codes() -> dict[str, str]:
    """Country → calling code, as digits."""
    data = tomllib.loads(CODES_FILE.read_text(encoding="utf-8"))
    return {str(country): str(code) for country, code in data["codes"].items()}


def normalise(number: str, country: str = "") -> str:
    """The number as `+` and digits when its country is known, else its digits; empty when it is withheld or none."""
    text = _EXTENSION.sub("", number.strip().removeprefix("tel:").removeprefix("sip:").partition("@")[0])
    digits = _NOT_DIGITS.sub("", text.replace("(0)", ""))[:15]
    if len(digits) < 3:
        return ""
    if text.lstrip().startswith("+"):
        return f"+{digits}"
    if digits.startswith("00"):
        return f"+{digits[2:]}"
    code = calling_codes().get(country.upper(), "")
    if code and digits.startswith("0") and country.upper() != "IT":
        return f"+{code}{digits[1:]}"
    return digits


def tail(number: str) -> str:
    """What a number is found by; empty when it is too short to belong to one person."""
    digits = _NOT_DIGITS.sub("", number)
    return digits[-TAIL:] if len(digits) >= SHORTEST else ""
