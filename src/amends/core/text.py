"""Cleaning of text that comes from outside, so that PostgreSQL and people can read it."""

from __future__ import annotations

import hashlib
import re
import unicodedata

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_INVISIBLE = re.compile(r"[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_SPACES = re.compile(r"\s+")


def clean(text: str) -> str:
    """`text` in NFC with line ends as `\\n` and without NUL, control characters and lone surrogates."""
    text = _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    return unicodedata.normalize("NFC", text)


def clean_line(text: str) -> str:
    """`text` as one line: cleaned, without bidirectional overrides, white space folded and trimmed."""
    return _SPACES.sub(" ", _INVISIBLE.sub("", clean(text))).strip()


def normalise_email(address: str) -> str:
    """An address for comparison: trimmed and lower-cased."""
    return clean_line(address).lower()


def shorten(text: str, limit: int) -> str:
    """`text` as one line of at most `limit` characters, cut at a word with an ellipsis."""
    line = clean_line(text)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    space = head.rfind(" ")
    return (head[:space] if space > limit // 2 else head).rstrip(" ,;:.") + "…"


def digest(text: str) -> str:
    """SHA-256 of a text in hexadecimal: what the record keeps of words, so that it can prove them without repeating them."""
    return hashlib.sha256(text.encode()).hexdigest()
