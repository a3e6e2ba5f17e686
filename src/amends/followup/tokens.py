"""The unguessable part of the links in a survey or check-in letter: signed, not stored."""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

from amends.core.ids import sign, signature_is_valid

Kind = Literal["survey", "check-in"]
_TOKEN = re.compile(r"([0-9a-f]{32})\.([a-z2-7]{24})", re.IGNORECASE)


def token_of(kind: Kind, key: UUID) -> str:
    """The token of one question, `<32 hex>.<24 base32>`."""
    return f"{key.hex}.{sign(kind, key.hex)}"


def read_token(kind: Kind, token: str) -> UUID | None:
    """The question a token belongs to, or None when it was not made here for this kind."""
    match = _TOKEN.fullmatch(token)
    if match is None or not signature_is_valid(kind, match[1].lower(), match[2]):
        return None
    return UUID(hex=match[1])
