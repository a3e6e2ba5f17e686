"""The unguessable part of the links of surveys: signed, not stored."""

from __future__ import annotations

import re
from typing import Literal
from uuid import UUID

from amends.core.ids import sign, signature_is_valid

Purpose = Literal["survey-link", "survey-recipient", "survey-answer"]
_TOKEN = re.compile(r"([0-9a-f]{32})\.([a-z2-7]{24})", re.IGNORECASE)


def token_of(purpose: Purpose, key: UUID) -> str:
    """The token of a survey, a recipient or an answer, `<32 hex>.<24 base32>`."""
    return f"{key.hex}.{sign(purpose, key.hex)}"


def read_token(purpose: Purpose, token: str) -> UUID | None:
    """What a token stands for, or None when it was not made here for this purpose."""
    match = _TOKEN.fullmatch(token)
    if match is None or not signature_is_valid(purpose, match[1].lower(), match[2]):
        return None
    return UUID(hex=match[1])
