"""The secret with which a customer's page takes part in a chat. It opens this chat only, not the customer's page."""

from __future__ import annotations

import re
from uuid import UUID

from amends.core.ids import sign, signature_is_valid

_TOKEN = re.compile(r"([0-9a-f]{32})\.([a-z2-7]{24})")


def chat_token(public_id: UUID) -> str:
    """`<32 hex>.<24 base32>`."""
    return f"{public_id.hex}.{sign('chat', public_id.hex)}"


def read_chat_token(token: str) -> UUID | None:
    """The chat of a token, or None when it was not made here."""
    match = _TOKEN.fullmatch(token)
    if match is None or not signature_is_valid("chat", match[1], match[2]):
        return None
    return UUID(hex=match[1])
