"""Finding a value in somebody else's JSON (PURE).

A path is `form_response.answers[field.type=opinion_scale].number`: names joined by dots; `[2]` is one element of a list
(`[-1]` the last), `[]` every element, `[path=value]` every element in which that path has that value, `[path?]` every
element that has it at all. A path that begins with `/` is a JSON Pointer (RFC 6901).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

LIMIT = 500
"""Values looked at for one path: a hostile body must not cost minutes."""
_STEP = re.compile(r"(?P<name>[^.\[\]]+)|\[(?P<inside>[^\[\]]*)\]|(?P<dot>\.)")
_NUMBER = re.compile(r"-?\d{1,6}")


class PathError(ValueError):
    """A path that cannot be read; the message says what is wrong."""


def check_path(path: str) -> str:
    """The path itself when it can be read.

    Raises:
        PathError: it cannot.
    """
    if path.startswith("/"):
        return path
    place = 0
    for match in _STEP.finditer(path):
        if match.start() != place:
            break
        place = match.end()
        inside = match["inside"]
        if inside and not _NUMBER.fullmatch(inside) and not inside.rstrip("?").strip("=. "):
            raise PathError(f"{path!r}: [{inside}] is no condition")
    if not path or place != len(path) or path.startswith(".") or path.endswith(".") or ".." in path:
        raise PathError(f"{path!r} is no path such as answers[field.type=rating].number")
    return path


def find(payload: Any, path: str) -> str:
    """The first text, number or truth value at the path, as text; empty when there is none."""
    for value in values_at(payload, path):
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, str | int | float) and str(value).strip():
            return str(value)
    return ""


def values_at(payload: Any, path: str) -> Iterator[Any]:
    """Every value at the path, in order."""
    if path.startswith("/"):
        yield from _pointed(payload, path)
        return
    found: list[Any] = [payload]
    for match in _STEP.finditer(path):
        if match["dot"]:
            continue
        if match["name"] is not None:
            found = [one[match["name"]] for one in found if isinstance(one, dict) and match["name"] in one]
        else:
            found = [inner for one in found if isinstance(one, list) for inner in _chosen(one, match["inside"])]
        del found[LIMIT:]
    yield from found


def _chosen(items: list[Any], inside: str) -> list[Any]:
    if not inside:
        return items[:LIMIT]
    if _NUMBER.fullmatch(inside):
        number = int(inside)
        return [items[number]] if -len(items) <= number < len(items) else []
    if inside.endswith("?"):
        return [one for one in items[:LIMIT] if any(True for _ in values_at(one, inside[:-1]))]
    path, _sign, value = inside.partition("=")
    return [one for one in items[:LIMIT] if find(one, path) == value]


def _pointed(payload: Any, pointer: str) -> Iterator[Any]:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        if isinstance(payload, dict) and name in payload:
            payload = payload[name]
        elif isinstance(payload, list) and name.isascii() and name.isdigit() and int(name[:7]) < len(payload):
            payload = payload[int(name[:7])]
        else:
            return
    yield payload
