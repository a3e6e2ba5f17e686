"""From a row to a complaint of the past (PURE)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from amends.cases.public import NewComplaint, PastComplaint, Person, Phase
from amends.core.errors import BadInput
from amends.intake.channels.api.receive import ComplaintIn
from amends.intake.channels.imports.mapping import PERSON_FIELDS, ImportMapping

DONE = frozenset({Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED})
ENDINGS = ("phase", "outcome", "outcome_reason", "resolved_at")


def from_row(
    row: Mapping[str, str], mapping: ImportMapping, units: Mapping[str, int], default_unit: int
) -> PastComplaint:
    """The complaint of one CSV row.

    Raises:
        BadInput: a value is missing or wrong; the message names it.
    """
    values = {name: rule.read(row) for name, rule in mapping.fields.items()}
    key = (row.get(mapping.key) or "").strip() if mapping.key else _content_key(row)
    if not key:
        raise BadInput(f"The column {mapping.key!r}, which names the row, is empty.", field=mapping.key)
    moments = {name: mapping.moment(name, values[name]) for name in ("received_at", "resolved_at") if values.get(name)}
    representative = _person(values, "representative")
    new = NewComplaint(
        channel=values.get("channel") or "import",
        complainant=_person(values, "complainant"),
        representative=representative if representative != Person() else None,
        unit_id=_unit(values.get("unit", ""), units, default_unit),
        subject=values.get("subject", ""),
        text=values.get("text", ""),
        product=values.get("product", ""),
        desired_outcome=values.get("desired_outcome", ""),
        attributes={name: value for name, rule in mapping.attributes.items() if (value := rule.read(row))},
        source=f"import:{mapping.name}",
        key=key[:255],
        received_at=moments.get("received_at"),
        imported=True,
    )
    phase = values.get("phase") or Phase.CLOSED
    return PastComplaint(
        new=new,
        phase=phase,
        outcome=values.get("outcome", "") or ("resolved_informally" if phase in DONE else ""),
        outcome_reason=values.get("outcome_reason", "") or ("Imported as finished." if phase in DONE else ""),
        resolved_at=moments.get("resolved_at"),
    )


def from_object(values: Mapping[str, Any], units: Mapping[str, int], default_unit: int) -> PastComplaint:
    """The complaint of one JSON object: the shape of the API's body, and `id`, `phase`, `outcome`, `outcome_reason`, `resolved_at`.

    Raises:
        BadInput: a value is missing or wrong; the message names it.
    """
    known = dict(values)
    key = str(
        known.pop("id", "") or _content_key({name: json.dumps(value, sort_keys=True) for name, value in values.items()})
    )
    ending = {name: str(known.pop(name, "") or "") for name in ENDINGS}
    try:
        body = ComplaintIn.model_validate({"complainant": {}, **known})
    except ValidationError as error:
        first = error.errors()[0]
        raise BadInput(f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}.") from error
    moment = ImportMapping.model_validate({"name": "jsonl", "fields": {"resolved_at": "resolved_at"}})
    phase = ending["phase"] or Phase.REGISTERED
    return PastComplaint(
        new=NewComplaint(
            channel=body.channel,
            complainant=Person(**body.complainant.dict()),
            representative=None if body.representative is None else Person(**body.representative.dict()),
            unit_id=_unit(body.unit, units, default_unit),
            subject=body.subject,
            text=body.text,
            product=body.product,
            attributes=body.attributes,
            desired_outcome=body.desired_outcome,
            source="import:jsonl",
            key=key[:255],
            received_at=body.received_at,
            imported=True,
        ),
        phase=phase,
        outcome=ending["outcome"],
        outcome_reason=ending["outcome_reason"],
        resolved_at=moment.moment("resolved_at", ending["resolved_at"]) if ending["resolved_at"] else None,
    )


def _person(values: Mapping[str, str], who: str) -> Person:
    return Person(**{name: values.get(f"{who}.{name}", "") for name in PERSON_FIELDS})


def _unit(key: str, units: Mapping[str, int], default_unit: int) -> int:
    if not key:
        return default_unit
    if key not in units:
        raise BadInput(f"There is no unit {key[:80]!r}.", field="unit")
    return units[key]


def _content_key(row: Mapping[str, str]) -> str:
    """A row without a key of its own is named by what it says: the same row twice is one complaint."""
    return hashlib.sha256(
        json.dumps(dict(row), sort_keys=True, ensure_ascii=False).encode(errors="replace")
    ).hexdigest()
