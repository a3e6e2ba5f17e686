"""Which corrections make sense. Pure: values in, checked values out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from amends.core.errors import BadInput
from amends.triage.values import ASPECTS, LABELS

_LANGUAGE = re.compile(r"[a-z]{2}")
_FLAGS = frozenset({"safety", "vulnerable", "legal_or_media"})


def checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the corrections in their proper types.

    Raises:
        BadInput: a field cannot be corrected, or a value does not fit it.
    """
    return {field: _checked(field, value) for field, value in values.items()}


def _checked(field: str, value: Any) -> Any:
    if field in _FLAGS:
        if not isinstance(value, bool):
            raise BadInput(f"Say true or false for {field}.", field=field)
        return value
    if field == "severity":
        if isinstance(value, bool) or value not in (1, 2, 3, 4):
            raise BadInput("Choose a severity from 1 to 4.", field=field)
        return int(value)
    if field in ("label", "category"):
        choices = LABELS if field == "label" else ASPECTS
        if value not in choices:
            raise BadInput(f"Choose one of: {', '.join(choices)}.", field=field)
        return value
    if field == "language":
        if not isinstance(value, str) or not _LANGUAGE.fullmatch(value):
            raise BadInput("Give the language as two small letters, such as en or de.", field=field)
        return value
    raise BadInput("This cannot be corrected here.", field=field[:40])
