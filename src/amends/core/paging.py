"""Keyset paging: a page is found by the last row of the one before, never by counting."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any

from amends.core.errors import BadInput


def encode_cursor(values: list[Any]) -> str:
    """An opaque cursor of JSON-able values."""
    return base64.urlsafe_b64encode(json.dumps(values, separators=(",", ":")).encode()).decode().rstrip("=")


def decode_cursor(cursor: str, length: int) -> list[Any]:
    """The values of a cursor.

    Raises:
        BadInput: it was not made by `encode_cursor` or has another number of values.
    """
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (ValueError, binascii.Error, UnicodeDecodeError) as error:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after") from error
    if not isinstance(values, list) or len(values) != length:
        raise BadInput("The page cursor is damaged: start from the first page.", field="after")
    return values
