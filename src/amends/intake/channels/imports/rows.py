"""From a row to a complaint of the past (PURE)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.utils.translation import gettext as _
from pydantic import ValidationError

from amends.cases.public import Direction, NewComplaint, PastComplaint, PastMessage, Person, Phase
from amends.core.errors import BadInput
from amends.intake.channels.api.receive import ComplaintIn
from amends.intake.channels.email.html import clean_html
from amends.intake.channels.imports.mapping import PERSON_FIELDS, ImportMapping, not_a_date
from amends.intake.channels.imports.reading import Line

DONE = frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED})
ENDINGS = ("phase", "outcome", "outcome_reason", "resolved_at")
ATTRIBUTE_LIMIT = 2000
_PEOPLE = {who: tuple((name, f"{who}.{name}") for name in PERSON_FIELDS) for who in ("complainant", "representative")}
_MESSAGE_KEYS = frozenset(
    {"direction", "at", "text", "author", "address", "subject", "html", "kind", "channel", "to_address"}
)


@dataclass(frozen=True, slots=True)
class Units:
    """Where complaints can belong: ids by key and by name, and the one for those that do not say.

    Attributes:
        allowed: the ids that may be used; None is all.
    """

    by_name: Mapping[str, int]
    default: int
    allowed: frozenset[int] | None = None

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, int]], default: int, allowed: frozenset[int] | None = None) -> Units:
        """From `(key, name, id)` of every unit."""
        found: dict[str, int] = {}
        for key, name, number in rows:
            found.setdefault(name.casefold(), number)
            found[key.casefold()] = number
        return cls(found, default, allowed)

    def find(self, name: str, unknown: str = "refuse") -> int:
        """The id of the unit with this key or name.

        Raises:
            BadInput: there is none, and the mapping does not say that it goes to the default.
        """
        number = self.by_name.get(name.casefold(), 0) if name else self.default
        if number and (self.allowed is None or number in self.allowed):
            return number
        if unknown == "default":
            return self.default
        raise BadInput(_("There is no unit “%(name)s”.") % {"name": name[:80]}, field="unit")


def from_row(line: Line, mapping: ImportMapping, units: Units) -> PastComplaint:
    """The complaint of one row.

    Raises:
        BadInput: a value is missing or wrong; the message names it.
    """
    row = line.values
    values = {name: rule.read(row) for name, rule in mapping.fields.items()}
    key = (row.get(mapping.key) or "").strip() if mapping.key else _content_key(row)
    if not key:
        raise BadInput(
            _("The column “%(column)s”, which names the row, is empty.") % {"column": mapping.key}, field=mapping.key
        )
    received_at = mapping.moment("received_at", values["received_at"]) if values.get("received_at") else None
    resolved_at = mapping.moment("resolved_at", values["resolved_at"]) if values.get("resolved_at") else None
    representative = _person(values, "representative")
    new = NewComplaint(
        channel=(values.get("channel") or "import")[:20],
        complainant=_person(values, "complainant"),
        representative=representative if representative != _NOBODY else None,
        unit_id=units.find(values.get("unit", ""), mapping.unknown_units),
        subject=values.get("subject", ""),
        text=values.get("text", "") or _first_words(line.messages),
        product=values.get("product", ""),
        desired_outcome=values.get("desired_outcome", ""),
        attributes={name: value[:ATTRIBUTE_LIMIT] for name, value in mapping.attributes_of(row).items()},
        source=f"import:{mapping.name}",
        key=key[:255],
        received_at=received_at,
        imported=True,
    )
    phase = values.get("phase") or Phase.CLOSED
    return PastComplaint(
        new=new,
        phase=phase,
        outcome=values.get("outcome", "") or ("resolved_informally" if phase in DONE else ""),
        outcome_reason=values.get("outcome_reason", "") or ("Imported as finished." if phase in DONE else ""),
        resolved_at=resolved_at,
        messages=line.messages,
    )


def from_object(values: Mapping[str, Any], units: Units) -> PastComplaint:
    """The complaint of one JSON object: the shape of the API's body, `id`, `phase`, `outcome`, `outcome_reason`, `resolved_at`,
    and `messages`: objects with `direction` (in, out, internal), `at`, `text`, and what else a message has.

    Raises:
        BadInput: a value is missing or wrong; the message names it.
    """
    known = dict(values)
    number = known.pop("id", None)
    key = str(number) if number not in (None, "") else _key_of_object(values)
    ending = {name: str(known.pop(name, "") or "") for name in ENDINGS}
    messages = _messages(known.pop("messages", None))
    try:
        body = ComplaintIn.model_validate({"complainant": {}, **known})
    except ValidationError as error:
        field, words = _mistake(error)
        raise BadInput(f"{field}: {words}", field=field) from error
    return PastComplaint(
        new=NewComplaint(
            channel=body.channel[:20],
            complainant=Person(**{name: getattr(body.complainant, name) for name in PERSON_FIELDS}),
            representative=None if body.representative is None else Person(**body.representative.dict()),
            unit_id=units.find(body.unit),
            subject=body.subject,
            text=body.text or _first_words(messages),
            product=body.product,
            attributes=body.attributes,
            desired_outcome=body.desired_outcome,
            source="import:jsonl",
            key=key[:255],
            received_at=None if body.received_at is None else _aware(body.received_at),
            imported=True,
        ),
        phase=ending["phase"] or Phase.REGISTERED,
        outcome=ending["outcome"],
        outcome_reason=ending["outcome_reason"],
        resolved_at=_moment(ending["resolved_at"], "resolved_at") if ending["resolved_at"] else None,
        messages=messages,
    )


def _mistake(error: ValidationError) -> tuple[str, str]:
    """The place of the first mistake, and what is wrong with it."""
    first = error.errors()[0]
    kind = str(first["type"])
    words = {
        "missing": _("is missing."),
        "extra_forbidden": _("is not known here."),
        "string_type": _("is not a text."),
    }.get(kind, "")
    if kind == "string_too_long":
        words = _("is longer than %(limit)s characters.") % {"limit": first.get("ctx", {}).get("max_length", "")}
    if kind.startswith(("datetime", "date")):
        words = _("is not a date and time of the form ISO 8601.")
    return ".".join(str(part) for part in first["loc"]), words or _("has a value that cannot be used.")


def _messages(value: Any) -> tuple[PastMessage, ...]:
    if value is None:
        return ()
    if not isinstance(value, list):
        raise BadInput(_("messages: give a list of objects."), field="messages")
    return tuple(_message(one, place) for place, one in enumerate(value, start=1))


def _message(value: Any, place: int) -> PastMessage:
    if not isinstance(value, dict) or not all(isinstance(one, str) for one in value.values()):
        raise BadInput(_("messages: number %(place)s is not an object of texts.") % {"place": place}, field="messages")
    if odd := sorted(set(value) - _MESSAGE_KEYS):
        raise BadInput(
            _("messages: number %(place)s has an unknown “%(name)s”.") % {"place": place, "name": odd[0][:40]},
            field="messages",
        )
    direction = value.get("direction", "")
    if direction not in Direction.values:
        raise BadInput(
            _("messages: number %(place)s needs a direction: %(known)s.")
            % {"place": place, "known": ", ".join(Direction.values)},
            field="messages",
        )
    plain = {name: value.get(name, "") for name in ("author", "address", "subject", "to_address")}
    return PastMessage(
        direction=direction,
        at=_moment(value.get("at", ""), "messages"),
        text=value.get("text", ""),
        html=(clean_html(value["html"]) or "") if value.get("html") else "",
        kind=value.get("kind", "")[:30],
        channel=value.get("channel", "")[:20],
        **plain,
    )


def _moment(text: str, field: str) -> datetime:
    try:
        return _aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise BadInput(not_a_date(field, text, "ISO 8601"), field=field) from error


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _first_words(messages: Sequence[PastMessage]) -> str:
    """What the customer said first."""
    said = [one for one in messages if one.direction == Direction.IN]
    return min(said, key=lambda one: one.at).text if said else ""


_NOBODY = Person()


def _person(values: Mapping[str, str], who: str) -> Person:
    given = {name: value for name, full in _PEOPLE[who] if (value := values.get(full))}
    return Person(**given) if given else _NOBODY


def _key_of_object(values: Mapping[str, Any]) -> str:
    return _content_key({name: json.dumps(value, sort_keys=True) for name, value in values.items()})


def _content_key(row: Mapping[str, Any]) -> str:
    """A row without a key of its own is named by what it says: the same row twice is one complaint."""
    return hashlib.sha256(
        json.dumps(dict(row), sort_keys=True, ensure_ascii=False).encode(errors="replace")
    ).hexdigest()
