"""Tickets out of an export's file: JSON Lines, one JSON document or XML, with the people that stand beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from django.utils.translation import gettext as _

from amends.core.errors import BadInput
from amends.intake.channels.imports.documents import BrokenDocumentError, Item, json_items, xml_items
from amends.intake.channels.imports.helpdesks import freshdesk, zammad, zendesk
from amends.intake.channels.imports.helpdesks.ticket import Directory, Ticket
from amends.intake.channels.imports.reading import Line, as_text, json_lines
from amends.intake.channels.imports.sniffing import Sniffed


@dataclass(frozen=True, slots=True)
class Helpdesk:
    """How the export of one helpdesk is read."""

    read: Callable[[Mapping[str, Any], Directory], Ticket]
    collect: Callable[[str, Mapping[str, Any], Directory], None]
    tags: tuple[str, ...] = ()


HELPDESKS: dict[str, Helpdesk] = {
    "zendesk": Helpdesk(zendesk.read, zendesk.collect),
    "zammad": Helpdesk(zammad.read, zammad.collect),
    "freshdesk": Helpdesk(freshdesk.read, freshdesk.collect, freshdesk.TAGS),
}
TICKETS = ("", "tickets", "results", "helpdesk_tickets")


def ticket_lines(path: Path, sniffed: Sniffed, name: str, skip: int = 0) -> Iterator[Line]:
    """The tickets of an export after the first `skip`, in the order of the file. A bad ticket is a problem, not the end.

    Raises:
        BadInput: the file is not of a kind that this helpdesk writes.
    """
    helpdesk = HELPDESKS[name]
    if sniffed.kind not in ("jsonl", "json") and not (sniffed.kind == "xml" and helpdesk.tags):
        kinds = "JSON or XML" if helpdesk.tags else "JSON"
        raise BadInput(
            f"{path.name} is {sniffed.kind.upper()}: the format {name} reads {kinds}. For a table choose the format csv or xlsx."
        )
    if sniffed.kind == "jsonl":
        lines = islice(json_lines(path, sniffed.encoding), skip, None)
        return (_line(line, line.values, helpdesk, Directory()) for line in lines)
    return _of_document(path, sniffed, helpdesk, skip)


def _of_document(path: Path, sniffed: Sniffed, helpdesk: Helpdesk, skip: int) -> Iterator[Line]:
    """Two passes: who and what stands beside the tickets, then the tickets."""
    found = Directory()
    try:
        for kind, value in _items(path, sniffed, helpdesk):
            if kind not in TICKETS and isinstance(value, dict):
                helpdesk.collect(kind, value, found)
    except BrokenDocumentError:
        pass  # the second pass reaches the same place and says so
    number, rest = 0, {}
    try:
        for kind, value in _items(path, sniffed, helpdesk):
            if kind in TICKETS:
                number += 1
                if number > skip:
                    yield _line(Line(number, {}), value, helpdesk, found)
            else:
                rest[kind] = value
    except BrokenDocumentError as error:
        if number >= skip:
            yield Line(number + 1, {}, error.message)
    if not number and not skip and {"id", "ticket", "assets", "helpdesk_ticket"} & set(rest):
        one = rest["ticket"] if isinstance(rest.get("ticket"), dict) else _whole(path, sniffed)
        yield _line(Line(1, {}), one, helpdesk, found)


def _whole(path: Path, sniffed: Sniffed) -> Any:
    """A file that is a single ticket."""
    import json

    with path.open(encoding=sniffed.encoding) as file:
        return json.loads(file.read(64 * 1024 * 1024))


def _items(path: Path, sniffed: Sniffed, helpdesk: Helpdesk) -> Iterator[Item]:
    return xml_items(path, helpdesk.tags) if sniffed.kind == "xml" else json_items(path, sniffed.encoding)


def _line(line: Line, value: Any, helpdesk: Helpdesk, found: Directory) -> Line:
    if line.problem:
        return line
    if not isinstance(value, dict):
        return Line(line.number, {}, _("not a ticket"), raw=as_text(value)[:2000])
    try:
        ticket = helpdesk.read(value, found)
    except BadInput as error:
        return Line(line.number, {}, error.message, raw=as_text(value)[:2000])
    return Line(line.number, ticket.values, messages=ticket.messages)
