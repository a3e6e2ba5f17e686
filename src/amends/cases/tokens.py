"""The unguessable parts of addresses and links. They are signed, not stored: nothing to steal from the database."""

from __future__ import annotations

import re
from uuid import UUID

from amends.core.ids import sign, signature_is_valid

_REPLY = re.compile(r"\+([0-9a-f]{32})\.([a-z2-7]{24})@", re.IGNORECASE)
_PORTAL = re.compile(r"^([0-9a-f]{32})\.([a-z2-7]{24})$", re.IGNORECASE)


def portal_token(public_id: UUID) -> str:
    """The secret of the customer's own page, `<32 hex>.<24 base32>`."""
    return f"{public_id.hex}.{sign('portal', public_id.hex)}"


def read_portal_token(token: str) -> UUID | None:
    """The case of a portal token, or None when it was not made here."""
    match = _PORTAL.match(token)
    if match is None or not signature_is_valid("portal", match[1].lower(), match[2]):
        return None
    return UUID(hex=match[1])


def reply_address(public_id: UUID, mailbox: str) -> str:
    """The address a reply to this case goes to: `name+<32 hex>.<24 base32>@domain`.

    Local parts are at most 64 octets (RFC 5321, 4.5.3.1.1): the token takes 58, so the mailbox name is cut to 6.
    """
    name, _, domain = mailbox.partition("@")
    return f"{name[:6]}+{public_id.hex}.{sign('reply', public_id.hex)}@{domain}"


def read_reply_address(address: str) -> UUID | None:
    """The case that an address belongs to, or None when the token is missing or was not made here."""
    match = _REPLY.search(address)
    if match is None or not signature_is_valid("reply", match[1].lower(), match[2]):
        return None
    return UUID(hex=match[1])
