"""Secrets of sources: the database has only where they are, `env:NAME` or `file:NAME`.

Both are fenced in, so that who may add a source cannot read other secrets of the machine: variables begin with
AMENDS_REVIEWS_, and files lie directly in the folder AMENDS_SECRETS_DIR.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from amends.core.errors import BadInput
from amends.intake.channels.reviews.connectors.base import Permanent

PREFIX = "AMENDS_REVIEWS_"
_ENVIRONMENT = re.compile(r"env:(AMENDS_REVIEWS_[A-Z0-9_]{1,80})")
_FILE = re.compile(r"file:([A-Za-z0-9][\w.-]{0,100})")
LARGEST = 20_000


def checked_reference(reference: str, field: str) -> str:
    """The reference as it is stored.

    Raises:
        BadInput: it is none; most often somebody has typed the secret itself.
    """
    reference = reference.strip()
    if not (_ENVIRONMENT.fullmatch(reference) or _FILE.fullmatch(reference)):
        raise BadInput(
            f"Do not type the secret here: set it in the environment and write env:{PREFIX}…, or put it in a file of the"
            " folder of secrets and write file:NAME.",
            field=field,
        )
    return reference


def resolve(reference: str) -> str:
    """The secret behind a reference.

    Raises:
        Permanent: it is not there; the text names the reference only.
    """
    if found := _ENVIRONMENT.fullmatch(reference):
        value = os.environ.get(found[1], "")
    elif found := _FILE.fullmatch(reference):
        value = _read(found[1])
    else:
        value = ""
    if not value.strip():
        raise Permanent(f"The secret {reference[:100]} is not set on this machine.")
    return value.strip()


def _read(name: str) -> str:
    path = Path(os.environ.get("AMENDS_SECRETS_DIR", "/run/secrets")) / name
    try:
        return path.read_text(encoding="utf-8")[:LARGEST]
    except (OSError, UnicodeDecodeError) as error:
        raise Permanent(f"The secret file:{name} cannot be read ({type(error).__name__}).") from error
