"""`amends due`: deadlines for scripts. JSON lines in, JSON lines out; needs no running system.

    {"id", "pack", "received", "timezone", "country", "subdivision", "context"}
    → {"id", "clocks": [{"kind", "due", "why", "source", "certainty"}]}

The fields and the shape of the dates are described in docs/reference/clocks.md.
"""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO

from amends.clocks.engine import Due, due
from amends.clocks.library import UnknownPackError, pack_named, packs
from amends.clocks.packfile import RulePackError
from amends.clocks.rulepack import RulePack
from amends.clocks.wording import LANGUAGES
from amends.clocks.zones import zone_named

SUMMARY = "work out deadlines from a rule pack: JSON lines in, JSON lines out"
WRONG_USE = 2


class BadLineError(ValueError):
    """A line cannot be worked out; the message says what to do about it."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument(
        "files", nargs="*", metavar="FILE", help="files of JSON lines; standard input when there are none"
    )
    parser.add_argument("--packs", type=Path, metavar="FOLDER", help="a folder with your own rule packs")
    parser.add_argument("--language", choices=sorted(LANGUAGES), default="en", help="language of `why`")


def main(arguments: argparse.Namespace) -> int:
    """Answers every good line; each bad one gets one sentence on stderr, and then the exit code is 2."""
    try:
        if arguments.packs is not None:
            packs(arguments.packs)
        return _answer_all(_lines(arguments.files), arguments.packs, arguments.language)
    except RulePackError as refused:
        return _complain(str(refused))
    except BrokenPipeError:
        raise  # `amends` itself ends quietly when whoever reads has seen enough
    except OSError as unreadable:
        return _complain(f"{unreadable.filename}: cannot be read ({unreadable.strerror}); name a readable file")


def _lines(files: list[str]) -> Iterator[tuple[str, bytes]]:
    """Every line that is not blank, with what to call it in a message."""
    if not files:
        yield from _named(sys.stdin.buffer, "line")
    for file in files:
        with Path(file).open("rb") as stream:
            yield from _named(stream, f"{file}, line")


def _named(stream: BinaryIO, prefix: str) -> Iterator[tuple[str, bytes]]:
    for number, line in enumerate(stream, start=1):
        if line.strip():
            yield f"{prefix} {number}", line


def _answer_all(lines: Iterable[tuple[str, bytes]], own_packs: Path | None, language: str) -> int:
    status = 0
    for name, line in lines:
        try:
            answer = answer_line(line, own_packs, language)
        except (BadLineError, UnknownPackError) as bad:
            status = _complain(f"{name}: {bad}")
            continue
        # Half a surrogate pair from an \u escape cannot be written as UTF-8: it goes out as it came in.
        sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def _complain(sentence: str) -> int:
    print(sentence.encode("utf-8", "backslashreplace").decode(), file=sys.stderr)
    return WRONG_USE


def answer_line(line: bytes, own_packs: Path | None, language: str) -> dict[str, Any]:
    """The answer to one line of JSON. Raises BadLineError or UnknownPackError."""
    asked = _read(line)
    pack = pack_named(_text(asked, "pack", "a rule pack such as house"), own_packs)
    zone = _text(asked, "timezone", "a time zone such as Europe/London", default=pack.calendar.timezone)
    try:
        clocks = due(
            pack,
            received=_received(asked, zone),
            timezone=zone,
            country=_text(asked, "country", "a two-letter code such as GB", default="") or None,
            subdivision=_text(asked, "subdivision", "a part of the country such as SCT", default="") or None,
            context=_context(asked),
        )
    except ValueError as wrong:
        raise BadLineError(str(wrong)) from None
    return {"id": asked.get("id"), "clocks": [_shown(pack, clock, language) for clock in clocks]}


def _read(line: bytes) -> dict[str, Any]:
    try:
        asked = json.loads(line.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise BadLineError("this is not UTF-8 text; convert the file") from None
    except (ValueError, RecursionError):
        raise BadLineError(
            'this is no JSON; write one object per line, such as {"id": 1, "pack": "house", …}'
        ) from None
    if not isinstance(asked, dict):
        raise BadLineError('this is no JSON object; write {"id": 1, "pack": "house", …}')
    return asked


def _text(asked: dict[str, Any], name: str, what: str, *, default: str | None = None) -> str:
    found = asked.get(name)
    if default is not None and found in (None, ""):
        return default
    if not isinstance(found, str) or not found:
        raise BadLineError(f'"{name}" is missing or no text; write {what}')
    return found


def _received(asked: dict[str, Any], zone: str) -> datetime:
    """The start; a stamp without an offset is on the wall of the case's zone."""
    written = _text(asked, "received", "a stamp such as 2026-03-02T09:30:00+00:00")
    try:
        stamp = datetime.fromisoformat(written)
    except ValueError:
        raise BadLineError(
            f'"received" is {written[:40]!r}, which is no date; write a stamp such as 2026-03-02T09:30:00+00:00'
        ) from None
    return stamp if stamp.tzinfo else stamp.replace(tzinfo=zone_named(zone))


def _context(asked: dict[str, Any]) -> dict[str, Any]:
    context = asked.get("context")
    if context is None:
        return {}
    if not isinstance(context, dict):
        raise BadLineError('"context" is no object; write {} or {"event": "final_response_sent"}')
    return context


def _shown(pack: RulePack, clock: Due, language: str) -> dict[str, str]:
    part = {"part": clock.part} if clock.part else {}
    return {
        "kind": clock.kind,
        **part,
        "due": clock.local.isoformat(),
        "why": clock.whys[language],
        "source": clock.source,
        "certainty": clock.certainty.value,
    }
