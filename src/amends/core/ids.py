"""Unguessable tokens: random ones that are stored hashed, and signed ones that are not stored at all."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from django.conf import settings

SIGNATURE_BYTES = 15
"""120 bits: 24 characters of lower-case base32, safe in the local part of an address, which some systems fold to lower case."""


def new_token(prefix: str) -> str:
    """A random token of 256 bits, `prefix_…`."""
    return f"{prefix}_{secrets.token_urlsafe(32)}"


def token_digest(token: str) -> str:
    """What is stored of a token: its SHA-256 in hexadecimal. Tokens are random, so no salt is needed."""
    return hashlib.sha256(token.encode()).hexdigest()


def sign(purpose: str, value: str) -> str:
    """A signature of `value` for one purpose, 24 characters of `a-z2-7`."""
    mac = hmac.new(settings.SECRET_KEY.encode(), f"amends:{purpose}:{value}".encode(), hashlib.sha256).digest()
    return base64.b32encode(mac[:SIGNATURE_BYTES]).decode().lower()


def signature_is_valid(purpose: str, value: str, signature: str) -> bool:
    """Whether `signature` was made by `sign` for this purpose and value; takes the same time either way."""
    return hmac.compare_digest(sign(purpose, value).encode(), signature.lower().encode(errors="replace"))
