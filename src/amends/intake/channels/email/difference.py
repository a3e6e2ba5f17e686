"""The new words of an answer, found by comparing it with what we sent: we know our own text (PURE).

Mail programs quote in hundreds of ways, but what they quote are our words in our order. A line of the answer whose words
all stand in a long run of ours is a quote, however it was wrapped, marked or translated around. Such lines are given
the mark of a quote (`> `), so that the reader of replies leaves them out together with the line that introduces them.

Bounded: at most `MAX_WORDS` words on each side, at most `TRIED` places for each word of the answer, and every word that
matches is passed only once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

GRAM = 4
"""Words that must agree before a run begins."""
LONG_RUN = 10
"""A run counts from this length; a shorter text of ours must be there wholly."""
MAX_WORDS = 60_000
TRIED = 6
INTRODUCTION_LINES = 4
LONGEST_INTRODUCTION = 300

_WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_MARK = re.compile(r"^\s*(?:[>|]\s*)+")
_INTRODUCES = re.compile(r"\S@\S|\d{1,2}[:.h]\d{2}|[:：]\s*$")


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of the answer with the numbers of its words, `first` to `last` (exclusive)."""

    text: str
    first: int
    last: int


def marked(theirs: str, ours: Sequence[str]) -> str | None:
    """The answer with every line that only repeats `ours` marked as a quote; None when none does.

    Args:
        theirs: the whole text of the answer.
        ours: the texts we sent, newest first.
    """
    lines, words = _lines_and_words(theirs)
    quoted = _quoted(words, [_words(one) for one in ours if one])
    if not any(quoted):
        return None
    repeats = [_repeats(line, quoted) or _only_marks(line) for line in lines]
    _fill_gaps(lines, repeats, quoted)
    if not any(repeats[number] for number, line in enumerate(lines) if line.last > line.first):
        return None
    dropped = _introductions(lines, repeats)
    kept = [
        f"> {_MARK.sub('', line.text)}" if repeats[number] else line.text
        for number, line in enumerate(lines)
        if number not in dropped
    ]
    return "\n".join(kept)


def _words(text: str) -> list[str]:
    return [match[0].casefold() for match in _WORD.finditer(text)][:MAX_WORDS]


def _lines_and_words(text: str) -> tuple[list[_Line], list[str]]:
    lines: list[_Line] = []
    words: list[str] = []
    for line in text.split("\n"):
        first = len(words)
        if first < MAX_WORDS:
            words += _words(line)
        lines.append(_Line(line, first, len(words)))
    return lines, words


def _quoted(theirs: list[str], texts: list[list[str]]) -> list[bool]:
    """For each word of the answer whether it stands in a run of one of our texts that is long enough."""
    quoted = [False] * len(theirs)
    for ours in texts:
        if len(ours) < GRAM:
            continue
        _mark_runs(theirs, ours, quoted, min(LONG_RUN, len(ours)))
    return quoted


def _mark_runs(theirs: list[str], ours: list[str], quoted: list[bool], enough: int) -> None:
    places: dict[tuple[str, ...], list[int]] = {}
    for start in range(len(ours) - GRAM + 1):
        found = places.setdefault(tuple(ours[start : start + GRAM]), [])
        if len(found) < TRIED:
            found.append(start)
    at = 0
    while at <= len(theirs) - GRAM:
        longest = max(
            (_run(theirs, at, ours, start) for start in places.get(tuple(theirs[at : at + GRAM]), ())), default=0
        )
        if longest >= enough:
            quoted[at : at + longest] = [True] * longest
        # What was compared is not compared again: the work stays in proportion to the text.
        at += max(1, longest)


def _run(theirs: list[str], at: int, ours: list[str], start: int) -> int:
    length = GRAM
    while at + length < len(theirs) and start + length < len(ours) and theirs[at + length] == ours[start + length]:
        length += 1
    return length


def _repeats(line: _Line, quoted: list[bool]) -> bool:
    return line.last > line.first and all(quoted[line.first : line.last])


def _only_marks(line: _Line) -> bool:
    return line.first == line.last and bool(line.text.strip()) and not line.text.strip(" \t>|")


def _fill_gaps(lines: list[_Line], repeats: list[bool], quoted: list[bool]) -> None:
    """A line between two quotes that is mostly ours (a link was written out, a word was cut) belongs to them."""
    written = [number for number, line in enumerate(lines) if line.last > line.first]
    for before, number, after in zip(written, written[1:], written[2:], strict=False):
        if repeats[number] or not (repeats[before] and repeats[after]):
            continue
        line = lines[number]
        share = sum(quoted[line.first : line.last]) / (line.last - line.first)
        repeats[number] = share >= 0.6


def _introductions(lines: list[_Line], repeats: list[bool]) -> set[int]:
    """The lines right above the first quote that a mail program wrote: an address, a time of day, a colon at the end.

    Only when such a line stands directly there; what a person wrote above it stays.
    """
    first = repeats.index(True)
    dropped: set[int] = set()
    number = first - 1
    while number >= 0 and not lines[number].text.strip(" \t>|"):
        number -= 1
    if number < 0 or not _introduces(lines[number].text, last=True):
        return dropped
    while number >= 0 and len(dropped) < INTRODUCTION_LINES and _introduces(lines[number].text, last=not dropped):
        dropped.add(number)
        number -= 1
    return dropped


def _introduces(line: str, *, last: bool) -> bool:
    line = line.strip()
    if not line or len(line) > LONGEST_INTRODUCTION:
        return False
    made = re.search(r"\S@\S|\d{1,2}[:.h]\d{2}", line) is not None
    return made and (not last or _INTRODUCES.search(line) is not None)
