"""Mapping files: how the columns of somebody else's file become a complaint (PURE; data, not code).

A mapping is TOML:

    name = "helpdesk export"          # the source of the keys: the same key from the same source goes in once
    key = "Ticket #"                  # the column that names a row; without it, the row's content does
    timezone = "America/New_York"     # of dates without an offset
    encoding = ""                     # found by looking at the file when it is not given
    delimiter = ""                    # the same
    sheet = ""                        # of a workbook; empty is the first one that is not hidden
    unknown_units = "refuse"          # or "default": a unit that is not ours goes where the file goes
    others = ""                       # columns that begin with this become attributes too; "*" is all that are left

    [fields]                          # field = column, or a table
    subject = "Title"
    text = "Description"
    product = { columns = ["Product", "Model"], join = " / ", if_empty = ["Category"] }
    "complainant.name" = "Customer"
    received_at = { columns = ["Date", "Time"], formats = ["%d-%m-%y %I:%M:%S %p"] }
    phase = { column = "Status", values = { Closed = "closed", Open = "investigating" }, otherwise = "closed" }
    channel = { column = "Via", values = { Internet = "web" }, otherwise = "phone" }
    outcome = { value = "resolved_informally" }

    [attributes]
    state = "State"
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping as Table
from datetime import datetime
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, available_timezones

from django.utils.translation import gettext as _
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from amends.core.errors import BadInput

PERSON_FIELDS = ("name", "email", "phone", "address", "account_number", "user_name", "language")
FIELDS = frozenset(
    {
        "subject",
        "text",
        "product",
        "channel",
        "unit",
        "desired_outcome",
        "received_at",
        "resolved_at",
        "phase",
        "outcome",
        "outcome_reason",
    }
    | {f"{who}.{name}" for who in ("complainant", "representative") for name in PERSON_FIELDS}
)
DATES = ("received_at", "resolved_at")
BUILT_IN = Path(__file__).parent / "mappings"


class FieldRule(BaseModel):
    """Where one field comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    column: str = ""
    columns: tuple[str, ...] = ()
    join: str = " "
    if_empty: tuple[str, ...] = ()
    value: str | None = None
    values: dict[str, str] = Field(default_factory=dict)
    otherwise: str | None = None
    formats: tuple[str, ...] = ()
    prefix: str = ""

    @model_validator(mode="after")
    def _has_a_source(self) -> FieldRule:
        if (bool(self.column) + bool(self.columns) + (self.value is not None)) != 1:
            raise ValueError("give exactly one of column, columns and value")
        return self

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it reads."""
        return ((self.column,) if self.column else self.columns) + self.if_empty

    def read(self, row: Table[str, str]) -> str:
        """The value of this field for one row."""
        if self.value is not None:
            return self.value
        first = (self.column,) if self.column else self.columns
        text = self._joined(row, first) or self._joined(row, self.if_empty)
        if self.values:
            return self.values.get(text, text if self.otherwise is None else self.otherwise)
        return f"{self.prefix}{text}" if text else ""

    def _joined(self, row: Table[str, str], names: tuple[str, ...]) -> str:
        return self.join.join(part for name in names if (part := (row.get(name) or "").strip()))


def _as_rule(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


class ImportMapping(BaseModel):
    """A whole mapping file."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    name: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[\w .-]+$")]
    key: str = ""
    timezone: str = "UTC"
    encoding: Annotated[str, Field(max_length=40)] = ""
    delimiter: Annotated[str, Field(max_length=1)] = ""
    sheet: Annotated[str, Field(max_length=31)] = ""
    unknown_units: Literal["refuse", "default"] = "refuse"
    others: Annotated[str, Field(max_length=40)] = ""
    fields: dict[str, FieldRule]
    attributes: dict[str, FieldRule] = Field(default_factory=dict)

    @field_validator("fields", "attributes", mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {name: _as_rule(rule) for name, rule in value.items()} if isinstance(value, dict) else value

    @field_validator("fields")
    @classmethod
    def _known_fields(cls, value: dict[str, FieldRule]) -> dict[str, FieldRule]:
        unknown = sorted(set(value) - FIELDS)
        if unknown:
            raise ValueError(f"unknown: {', '.join(unknown)}; possible: {', '.join(sorted(FIELDS))}")
        return value

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"{value!r} is not a time zone; use a name such as Europe/Berlin")
        return value

    @cached_property
    def columns(self) -> frozenset[str]:
        """Every column the mapping reads."""
        named = {name for rule in (*self.fields.values(), *self.attributes.values()) for name in rule.names}
        return frozenset(named | ({self.key} if self.key else set()))

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of dates without an offset."""
        return ZoneInfo(self.timezone)

    @model_validator(mode="after")
    def _without_nul(self) -> ImportMapping:
        if "\\u0000" in self.model_dump_json():
            raise ValueError("a NUL character stands in it")
        return self

    def attributes_of(self, row: Table[str, str]) -> dict[str, str]:
        """The attributes of one row, the empty ones left out."""
        found = {name: value for name, rule in self.attributes.items() if (value := rule.read(row))}
        if not self.others:
            return found
        used = self.columns
        prefix = "" if self.others == "*" else self.others
        for name, value in row.items():
            if name.startswith(prefix) and name not in used and value and value.strip():
                found.setdefault(name.removeprefix(prefix)[:100], value.strip())
        return found

    @property
    def digest(self) -> str:
        """A few characters that change whenever the mapping says something else."""
        return hashlib.sha256(self.model_dump_json().encode()).hexdigest()[:8]

    def moment(self, name: str, text: str) -> datetime:
        """A date of a row as an aware instant: ISO 8601, or the formats of the field, in the mapping's zone.

        Raises:
            BadInput: it fits none of them.
        """
        for form in self.fields[name].formats:
            try:
                return self._aware(datetime.strptime(text, form))  # noqa: DTZ007  # the zone is added by _aware
            except ValueError:
                continue
        try:
            return self._aware(datetime.fromisoformat(text))
        except ValueError as error:
            expected = ", ".join(self.fields[name].formats) or "ISO 8601"
            raise BadInput(not_a_date(name, text, expected), field=name) from error

    def _aware(self, moment: datetime) -> datetime:
        return moment if moment.tzinfo else moment.replace(tzinfo=self.zone)


def not_a_date(field: str, text: str, expected: str) -> str:
    """The sentence about a date that cannot be read, in the language of whoever imports."""
    return _("%(field)s: “%(text)s” is not a date of the form %(expected)s.") % {
        "field": field, "text": text[:60], "expected": expected,
    }  # fmt: skip


def load_mapping(path: Path) -> ImportMapping:
    """Read a mapping file.

    Raises:
        BadInput: it cannot be read or is not a mapping; the message names the place.
    """
    try:
        return parse_mapping(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise BadInput(f"The mapping {path} cannot be read: {error}.") from error


def parse_mapping(text: str, name: str = "") -> ImportMapping:
    """A mapping from its TOML; `name` says in errors where it is.

    Raises:
        BadInput: it is not one; the message names the line or the place.
    """
    try:
        return ImportMapping.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"The mapping {name} is not TOML: {error}.", field="mapping") from error
    except (ValidationError, RecursionError) as error:
        raise BadInput(f"The mapping {name}, {_first_mistake(error)}.", field="mapping") from error


def mapping_of(values: Any) -> ImportMapping:
    """A mapping from the values that were kept of it.

    Raises:
        BadInput: they are not a mapping.
    """
    try:
        return ImportMapping.model_validate(values)
    except (ValidationError, RecursionError) as error:
        raise BadInput(f"The mapping, {_first_mistake(error)}.", field="mapping") from error


def _first_mistake(error: ValidationError | RecursionError) -> str:
    if isinstance(error, RecursionError):
        return "at the top: it is nested too deeply"
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"at {place or 'the top'}: {first['msg']}"


def to_toml(mapping: ImportMapping) -> str:
    """The mapping as TOML: what `parse_mapping` reads back as the same mapping."""
    plain = mapping.model_dump(exclude_defaults=True, exclude={"fields", "attributes"})
    lines = [f"{name} = {json.dumps(value, ensure_ascii=False)}" for name, value in plain.items()]
    for table, rules in (("fields", mapping.fields), ("attributes", mapping.attributes)):
        if rules or table == "fields":
            lines += ["", f"[{table}]", *(f"{_toml_key(name)} = {_toml_rule(rule)}" for name, rule in rules.items())]
    return "\n".join(lines) + "\n"


def _toml_rule(rule: FieldRule) -> str:
    values = rule.model_dump(exclude_defaults=True)
    if set(values) == {"column"}:
        return json.dumps(rule.column, ensure_ascii=False)
    return "{ " + ", ".join(f"{name} = {_toml_value(value)}" for name, value in values.items()) + " }"


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{_toml_key(name)} = {_toml_value(one)}" for name, one in value.items()) + " }"
    return json.dumps(value, ensure_ascii=False)


def _toml_key(name: str) -> str:
    return json.dumps(name, ensure_ascii=False)


BUILT_IN_NAMES = tuple(sorted(path.stem for path in BUILT_IN.glob("*.toml")))
"""The mappings that come with Amends."""


@cache
def built_in(name: str) -> ImportMapping:
    """A mapping that comes with Amends, one of `BUILT_IN_NAMES`."""
    return load_mapping(BUILT_IN / f"{name}.toml")


def native(columns: list[str]) -> ImportMapping:
    """The mapping of a CSV file whose columns are named like the fields; `reference` or `id` is the key, others are attributes."""
    key = next((name for name in ("reference", "id", "key") if name in columns), "")
    known = [name for name in columns if name in FIELDS]
    if not known:
        raise BadInput(f"No column is named like a field ({', '.join(sorted(FIELDS))}): give a mapping file.")
    return ImportMapping(
        name="csv",
        key=key,
        fields={name: FieldRule(column=name) for name in known},
        attributes={name: FieldRule(column=name) for name in columns if name and name not in FIELDS and name != key},
    )
