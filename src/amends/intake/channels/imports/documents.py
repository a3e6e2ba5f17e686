"""Tickets of a JSON or XML document, read as a stream: a file of gigabytes is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # ships no types
from defusedxml.ElementTree import iterparse  # type: ignore[import-untyped]  # ships no types
from django.utils.translation import gettext as _

from amends.core.errors import BadInput

CHUNK = 1 << 20
MOST = 64 * 1024 * 1024
"""The largest single value of a document, in characters."""
_SPACE = " \t\r\n"
Item = tuple[str, Any]
"""The array a value stands in (empty at the top), and the value."""


class BrokenDocumentError(BadInput):
    """The document cannot be read any further."""


class _Scanner:
    """Values of a JSON text, one by one."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._text = ""
        self._place = 0
        self._passed = 0
        self._ended = False
        self._decoder = json.JSONDecoder()

    def _more(self) -> bool:
        if self._ended:
            return False
        if self._place:
            self._passed += self._place
            self._text, self._place = self._text[self._place :], 0
        part = self._file.read(max(CHUNK, len(self._text)))
        self._ended = not part
        self._text += part
        if len(self._text) > MOST:
            raise BrokenDocumentError(f"The document has a value of more than {MOST >> 20} million characters.")
        return bool(part)

    def peek(self) -> str:
        """The next character that is no space; empty at the end."""
        while True:
            while self._place < len(self._text) and self._text[self._place] in _SPACE:
                self._place += 1
            if self._place < len(self._text):
                return self._text[self._place]
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        """Pass one of these characters."""
        if self.peek() not in expected or not self.peek():
            raise self.broken(f"expected {' or '.join(expected)}")
        self._place += 1

    def value(self) -> Any:
        """The next value, whole."""
        self.peek()
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._place)
            except (ValueError, RecursionError) as error:
                if isinstance(error, RecursionError) or not self._more():
                    raise self.broken(str(error).partition(":")[0]) from error
                continue
            if end == len(self._text) and self._more():
                continue  # a number may go on in the next part
            self._place = end
            return value

    def broken(self, words: str) -> BrokenDocumentError:
        """The mistake at this place."""
        return BrokenDocumentError(
            _("not JSON at character %(place)s: %(detail)s")
            % {"place": self._passed + self._place + 1, "detail": words}
        )


def json_items(path: Path, encoding: str) -> Iterator[Item]:
    """The elements of the array at the top, or those of every array in the object at the top, with its name.

    Raises:
        BrokenDocumentError: the rest cannot be read.
    """
    with path.open(encoding=encoding) as file:
        scanner = _Scanner(file)
        if scanner.peek() == "[":
            yield from _elements(scanner, "")
            return
        scanner.take("{")
        while scanner.peek() != "}":
            name = str(scanner.value())
            scanner.take(":")
            if scanner.peek() == "[":
                yield from _elements(scanner, name)
            else:
                yield name, scanner.value()
            if scanner.peek() != "}":
                scanner.take(",")


def _elements(scanner: _Scanner, name: str) -> Iterator[Item]:
    scanner.take("[")
    while scanner.peek() != "]":
        yield name, scanner.value()
        if scanner.peek() != "]":
            scanner.take(",")
    scanner.take("]")


def xml_items(path: Path, tags: tuple[str, ...]) -> Iterator[Item]:
    """Every element with one of these tags, as nested values; `-` in names is `_`.

    Raises:
        BrokenDocumentError: it is not well-formed, or it declares entities.
    """
    try:
        depth = 0
        root: Element | None = None
        for event, element in iterparse(str(path), events=("start", "end")):
            if event == "start":
                root = element if root is None else root
                depth += 1
                continue
            depth -= 1
            if depth == 1 and root is not None:
                if element.tag in tags:
                    yield "tickets", values_of(element)
                root.clear()
    except ParseError as error:
        raise BrokenDocumentError(_("not XML: %(detail)s") % {"detail": error}) from error
    except DefusedXmlException as error:
        raise BrokenDocumentError(_("the XML declares entities, which could do harm: remove its DOCTYPE")) from error


def values_of(element: Element) -> Any:
    """An element as text, as a table, or (`type="array"`) as a list."""
    if element.get("nil") == "true":
        return None
    children = list(element)
    if element.get("type") == "array" or (len(children) > 1 and len({child.tag for child in children}) == 1):
        return [values_of(child) for child in children]
    if children:
        return {child.tag.replace("-", "_"): values_of(child) for child in children}
    text = element.text or ""
    if element.get("type") == "boolean":
        return text.strip().lower() == "true"
    return text
