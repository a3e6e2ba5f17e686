"""Mapping files: what somebody else's webhook means (PURE but for reading the files; data, not code).

A mapping is TOML (or the same as JSON). docs/how-to/surveys.md shows one line by line. Wrong files are refused with the
file, the line and the reason.
"""

from __future__ import annotations

import json
import os
import re
import tomllib
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from amends.core.errors import BadInput
from amends.core.text import clean
from amends.intake.webhooks.paths import check_path, find
from amends.intake.webhooks.signatures import MAX_FORM_FIELDS, SignatureRule

BUILT_IN = Path(__file__).parent / "shapes"
FIELDS: dict[str, tuple[str, ...]] = {
    "survey": ("response_id", "score", "text", "email", "name", "phone", "language", "order", "product", "at"),
    "phone": ("call_id", "event", "number", "to", "direction", "at", "extension", "agent", "recording_url"),
}
NEEDED = {"survey": ("response_id", "score"), "phone": ("call_id", "event")}
VALUE_LIMIT = 50_000
_PLACE = re.compile(r"\{([a-z_]+)\}")
_SAFE_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")


class MappingError(BadInput):
    """A mapping or a delivery that cannot be used; the message says where and why."""


class Fetch(BaseModel):
    """Some senders only say that there is an answer; this asks for it.

    Attributes:
        url: https, a fixed host; `{name}` is filled from `ids`.
        ids: name → path in what was sent; only letters, digits, `_` and `-` are let through.
        token_header: the header with the webhook's `fetch_token`, after `token_prefix`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    url: Annotated[str, Field(pattern=r"^https?://(\{fetch_host\}|[A-Za-z0-9.:-]+)/")]
    ids: dict[str, str]
    token_header: str = "Authorization"  # noqa: S105  # the name of a header
    token_prefix: str = "Bearer "  # noqa: S105  # what stands before it

    @model_validator(mode="after")
    def _names_are_known(self) -> Fetch:
        missing = set(_PLACE.findall(self.url)) - set(self.ids) - {"fetch_host"}
        if missing:
            raise ValueError(f"url names {', '.join(sorted(missing))}, which ids does not have")
        for path in self.ids.values():
            check_path(path)
        return self


class Mapping(BaseModel):
    """One shape of webhooks.

    Attributes:
        body: how what is sent is written; `json_fields` are fields of a form that hold JSON.
        only: path → the values with which a delivery counts; every other one is noted and left alone.
        fields: field → path, or several, of which the first with a value counts.
        values: field → their words for ours; `path:word` holds only for what stood at that path.
        attributes: what is kept beside the complaint.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,60}$")]
    channel: Literal["survey", "phone"]
    version: str
    source: str
    body: Literal["json", "form"] = "json"
    json_fields: tuple[str, ...] = ()
    signature: SignatureRule
    only: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    fetch: Fetch | None = None
    fields: dict[str, tuple[str, ...]]
    values: dict[str, dict[str, str]] = Field(default_factory=dict)
    attributes: dict[str, str] = Field(default_factory=dict)

    @field_validator("only", "fields", mode="before")
    @classmethod
    def _one_or_several(cls, given: Any) -> Any:
        return (
            {name: (one,) if isinstance(one, str) else one for name, one in given.items()}
            if isinstance(given, dict)
            else given
        )

    @field_validator("only", "attributes")
    @classmethod
    def _paths_can_be_read(cls, given: dict[str, Any]) -> dict[str, Any]:
        for key, value in given.items():
            check_path(value if isinstance(value, str) else key)
        return given

    @model_validator(mode="after")
    def _fields_are_known(self) -> Mapping:
        unknown = (set(self.fields) | set(self.values)) - set(FIELDS[self.channel])
        if unknown:
            raise ValueError(
                f"{', '.join(sorted(unknown))}: the channel {self.channel} has {', '.join(FIELDS[self.channel])}"
            )
        missing = set(NEEDED[self.channel]) - set(self.fields)
        if missing:
            raise ValueError(f"{', '.join(sorted(missing))} must be among the fields")
        for paths in self.fields.values():
            for path in paths:
                check_path(path)
        return self


def read(text: str, *, name: str) -> Mapping:
    """A mapping from its text.

    Raises:
        MappingError: the file's name, the line and the reason.
    """
    try:
        data = json.loads(text) if text.lstrip().startswith("{") else tomllib.loads(text)
        return Mapping.model_validate(data)
    except json.JSONDecodeError as error:
        raise MappingError(f"{name}, line {error.lineno}: {error.msg}.", field="mapping") from error
    except tomllib.TOMLDecodeError as error:
        line = re.search(r"line (\d+)", str(error))
        raise MappingError(f"{name}, line {line[1] if line else 1}: {error}.", field="mapping") from error
    except ValidationError as error:
        first = min(error.errors(), key=lambda one: one["type"] == "missing")
        reason = str(first["msg"]).removeprefix("Value error, ")
        where = ".".join(str(part) for part in first["loc"])
        place = f"{where}: " if where else ""
        raise MappingError(
            f"{name}, line {_line_of(text, first['loc'], reason)}: {place}{reason}.", field="mapping"
        ) from error
    except (RecursionError, ValueError) as error:
        raise MappingError(f"{name}, line 1: it cannot be read.", field="mapping") from error


def _line_of(text: str, place: tuple[int | str, ...], reason: str) -> int:
    """The line of the last part of a place that can be found, counted from 1; else of the first word of the reason."""
    lines, at = text.splitlines(), 0
    words = [str(part) for part in place if isinstance(part, str)] or re.split("[:, ]", reason, maxsplit=1)[:1]
    if not place and (quoted := re.match(r"'([^']+)'", reason)):
        return next((number for number, line in enumerate(lines, start=1) if quoted[1] in line), 1)
    for word in words:
        pattern = re.compile(rf"""(^|[\[."'\s{{,])['"]?{re.escape(word)}['"]?\s*(=|\]|:|\.)""")
        at = next((number for number in range(at, len(lines)) if pattern.search(lines[number])), at)
    return at + 1


def mapping_files() -> dict[str, Path]:
    """The files by name: the shipped ones, and those of AMENDS_WEBHOOKS_DIR, which win."""
    own = os.environ.get("AMENDS_WEBHOOKS_DIR", "")
    found = {path.stem: path for path in sorted(BUILT_IN.glob("*.toml"))}
    if own:
        found |= {path.stem: path for path in sorted(Path(own).iterdir()) if path.suffix in (".toml", ".json")}
    return found


def load(name: str) -> Mapping:
    """The mapping of this name.

    Raises:
        MappingError: there is none, or its file is wrong.
    """
    path = mapping_files().get(name)
    if path is None:
        known = ", ".join(sorted(mapping_files()))
        raise MappingError(f"There is no mapping {name!r}; there are {known}.", field="mapping")
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MappingError(f"{path.name}, line 1: it cannot be read as UTF-8 text.", field="mapping") from error
    return read(text, name=path.name)


def payload_of(mapping: Mapping, body: bytes) -> Any:
    """What was sent, as JSON values.

    Raises:
        MappingError: it is not what the mapping says.
    """
    try:
        if mapping.body == "json":
            return json.loads(body)
        form: dict[str, Any] = dict(parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAX_FORM_FIELDS))
        for name in mapping.json_fields:
            if name in form:
                form[name] = json.loads(form[name])
    except (ValueError, RecursionError) as error:
        raise MappingError(
            f"What was sent is not the {mapping.body} that the mapping {mapping.name} expects."
        ) from error
    else:
        return form


def is_meant(mapping: Mapping, payload: Any) -> bool:
    """Whether this delivery is of the kind that counts."""
    return all(find(payload, path) in allowed for path, allowed in mapping.only.items())


def fields_of(mapping: Mapping, payload: Any) -> dict[str, str]:
    """Every field that has a value, cleaned.

    Raises:
        MappingError: a needed one has none; the message names the field and its paths.
    """
    found: dict[str, str] = {}
    for name, paths in mapping.fields.items():
        path, value = next(((one, text) for one in paths if (text := clean(find(payload, one)).strip())), ("", ""))
        words = mapping.values.get(name, {})
        value = words.get(f"{path}:{value}", words.get(value, value))
        if value:
            found[name] = value[:VALUE_LIMIT]
    for name in NEEDED[mapping.channel]:
        if name not in found:
            raise MappingError(f"There is no {name} at {' or '.join(mapping.fields[name])}.")
    return found


def attributes_of(mapping: Mapping, payload: Any) -> dict[str, str]:
    """What is kept beside, as short texts."""
    found = {name: clean(find(payload, path)).strip()[:300] for name, path in mapping.attributes.items()}
    return {name: value for name, value in found.items() if value}


def fetch_address(fetch: Fetch, payload: Any, *, host: str) -> str:
    """Where to ask for the answer.

    Raises:
        MappingError: an id is missing or odd.
    """

    def filled(match: re.Match[str]) -> str:
        if match[1] == "fetch_host":
            return host
        value = find(payload, fetch.ids[match[1]])
        if not _SAFE_ID.fullmatch(value):
            raise MappingError(f"There is no usable {match[1]} at {fetch.ids[match[1]]}.")
        return value

    return _PLACE.sub(filled, fetch.url)


def moment_of(text: str) -> datetime | None:
    """A moment somebody sent: ISO 8601, RFC 2822, or seconds since 1970; None when it is none. Without an offset: UTC."""
    text = text.strip()
    try:
        if text.isascii() and text.isdigit() and len(text) <= 11:
            return datetime.fromtimestamp(int(text), tz=UTC)
        found = parsedate_to_datetime(text) if text[:1].isalpha() else datetime.fromisoformat(text)
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
