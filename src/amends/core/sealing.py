"""Secrets of others that have to be stored readable for the server: sealed with the server's own key, so that a copy of the
database alone says nothing. The key comes from the environment or a file of the operator (`AMENDS_SECRET_KEY`)."""

from __future__ import annotations

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class SealBrokenError(ValueError):
    """The secret was sealed with another key; it has to be set anew."""

    def __init__(self) -> None:
        super().__init__("The secret was kept with another key of this server: set it anew.")


def _box() -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"amends sealed secrets").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(key))


def seal(secret: str) -> str:
    """The sealed form of a secret; an empty one stays empty."""
    return _box().encrypt(secret.encode()).decode() if secret else ""


def unseal(sealed: str) -> str:
    """The secret.

    Raises:
        SealBrokenError: it was sealed with another key, or is no sealed secret.
    """
    if not sealed:
        return ""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise SealBrokenError from None
