"""Where a TOML file is wrong: the line of what was refused. Pure."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from itertools import zip_longest
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

Shape = TypeVar("Shape", bound=BaseModel)

DECODED_AT = re.compile(r" \(at line (?P<line>\d+), column \d+\)$")
AT_THE_END = " (at end of document)"


def refusal(path: Path, text: str, error: ValueError) -> str:
    """One sentence with file, line, place and reason, for a file that is no TOML or that its schema refused."""
    if isinstance(error, ValidationError):
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the whole file"
        reason = first["msg"].removeprefix("Value error, ")
        return f"{path}, line {line_of(text, first['loc'])}: {place}: {reason}"
    said = str(error)
    if found := DECODED_AT.search(said):
        return f"{path}, line {found['line']}: {said[: found.start()]}"
    if said.endswith(AT_THE_END):
        return f"{path}, line {max(len(text.splitlines()), 1)}: {said.removesuffix(AT_THE_END)}"
    return f"{path}: {said}"


def read_toml(path: Path) -> tuple[dict[str, object], str]:
    """What the file says, and its text.

    Raises:
        OSError: it cannot be read.
        ValueError: it is no TOML; the message names file, line and reason.
    """
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as strange:
        raise ValueError(f"{path}, line {raw[: strange.start].count(10) + 1}: this is not UTF-8 text") from None
    try:
        return tomllib.loads(text), text
    except tomllib.TOMLDecodeError as broken:
        raise ValueError(refusal(path, text, broken)) from None
    except RecursionError:
        raise ValueError(f"{path}, line 1: values are nested too deeply") from None


def read_as(path: Path, shape: type[Shape], refused: type[ValueError]) -> Shape:
    """The file as what its schema says.

    Raises:
        refused: it cannot be read, is no TOML or does not fit the schema; the message names file, line, place and reason.
    """
    try:
        content, text = read_toml(path)
    except OSError as error:
        raise refused(f"{path}: the file cannot be read ({error.strerror})") from None
    except ValueError as broken:
        raise refused(str(broken)) from None
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        raise refused(refusal(path, text, error)) from None


def line_of(text: str, place: Sequence[int | str]) -> int:
    """The line (1 is the first) in which a TOML text says what a schema refused, as near as its headings tell."""
    lines = text.splitlines()
    at, end = 0, len(lines)
    for step, after in zip_longest(place, place[1:]):
        if not isinstance(step, str):
            continue
        name = rf"[\"']?{re.escape(step)}[\"']?"
        headings = [number for number in range(len(lines)) if re.match(rf"\s*\[\[\s*{name}\s*\]\]", lines[number])]
        if isinstance(after, int) and after < len(headings):
            # What is missing in this table must not be found in the next one.
            at, end = headings[after], next(iter(headings[after + 1 :]), len(lines))
            continue
        wanted = re.compile(rf"\s*(?:{name}\s*[=.]|\[\s*(?:[\w\"'-]+\.)*{name}\s*(?:\]|\.))")
        at = next((number for number in range(at, end) if wanted.match(lines[number])), at)
    return at + 1
