"""`amends assess`: the assessment of messages for scripts. JSON lines in, JSON lines out; needs no running system.

    {"id", "text", "channel"}  (and, if there is one, "subject")
    → {"id", "language", "category", "severity", "sentiment", "safety", "vulnerable", "legal_or_media", "label",
       "probability", "points": [{"words", "aspect"}], "desired_outcome", "reasons": [{"field", "value", "because"}]}

What the fields mean, and how well they are told, is in docs/reference/triage.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from amends.triage.assess import assess

SUMMARY = "judge messages: language, category, severity, points; JSON lines in, JSON lines out"
WRONG_USE = 2


class BadLineError(ValueError):
    """A line cannot be assessed; the message says what to do about it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="files of JSON lines; standard input when there are none"
    )


def main(arguments: argparse.Namespace) -> int:
    """Assesses every good line; each bad one gets one sentence on stderr, and then the exit code is 2."""
    status = 0
    for file in arguments.files or [None]:
        try:
            status = max(status, _assess_file(file))
        except OSError as unreadable:
            if isinstance(unreadable, BrokenPipeError):
                raise
            status = _complain(f"{file}: cannot be read ({unreadable.strerror}); name a readable file")
    return status


def _assess_file(file: str | None) -> int:
    if file is None:
        return _assess_lines(_named(sys.stdin.buffer, "line"))
    with Path(file).open("rb") as stream:
        return _assess_lines(_named(stream, f"{file}, line"))


def _named(stream: BinaryIO, prefix: str) -> Iterator[tuple[str, bytes]]:
    """Every line that is not blank, with what to call it in a message."""
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield f"{prefix} {number}", line


def _assess_lines(lines: Iterable[tuple[str, bytes]]) -> int:
    status = 0
    for name, line in lines:
        try:
            answer = assess_line(line)
        except BadLineError as bad:
            status = _complain(f"{name}: {bad}")
            continue
        # Half a surrogate pair from an \u escape cannot be written as UTF-8: it goes out as it came in.
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def _complain(sentence: str) -> int:
    print(sentence.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    return WRONG_USE


def assess_line(line: bytes) -> dict[str, Any]:
    """Return the assessment of one line of JSON with its id. Raises BadLineError."""
    asked = _read(line)
    assessment = assess(
        _text(asked, "text", required=True),
        channel=_text(asked, "channel") or "email",
        subject=_text(asked, "subject"),
    )
    return {"id": asked.get("id"), **assessment.as_json()}


def _read(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadLineError("this is not UTF-8 text; convert the file") from None
    except (ValueError, RecursionError):
        raise BadLineError('this is no JSON; write one object per line, such as {"id": 1, "text": "…"}') from None
    if not isinstance(asked, dict):
        raise BadLineError('this is no JSON object; write {"id": 1, "text": "…", "channel": "email"}')
    return asked


def _text(asked: dict[str, Any], name: str, *, required: bool = False) -> str:
    found = asked.get(name)
    if found is None and not required:
        return ""
    if not isinstance(found, str):
        raise BadLineError(f'"{name}" is missing or no text; write it as a JSON string')
    return found
