"""Where the secrets of a mailbox are: named in the database, kept outside of it.

`env:AMENDS_MAILBOX_SECRET_CARE` is an environment variable, `file:care` a file in the folder AMENDS_SECRETS_DIR. Only
such names are possible, so that nobody who may change a mailbox can have any other secret of this machine sent away.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Final

from django.conf import settings

from amends.core.errors import BadInput

VARIABLES: Final = "AMENDS_MAILBOX_SECRET_"
_VARIABLE: Final = re.compile(rf"env:{VARIABLES}[A-Z0-9_]{{1,80}}")
_FILE: Final = re.compile(r"file:[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
LARGEST: Final = 20_000


def checked_place(place: str, field: str) -> str:
    """The place of a secret, when it is one that may be named.

    Raises:
        BadInput: it is not.
    """
    place = place.strip()
    if not (_VARIABLE.fullmatch(place) or _FILE.fullmatch(place)):
        raise BadInput(
            f"Say where the secret is: env:{VARIABLES}… names a variable, file:… a file in AMENDS_SECRETS_DIR. "
            "The secret itself is never kept here.",
            field=field,
        )
    return place


def read_secret(place: str) -> str:
    """The secret itself.

    Raises:
        BadInput: it is not where it should be.
    """
    kind, _, name = checked_place(place, "secret").partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise BadInput(f"The variable {name} is not set for the process that reads the mailboxes.")
        return value
    path = _path(name)
    try:
        with path.open("rb") as file:
            value = file.read(LARGEST).decode("utf-8").strip()
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"The secret {name} cannot be read in AMENDS_SECRETS_DIR ({type(problem).__name__}).") from None
    if not value:
        raise BadInput(f"The secret {name} in AMENDS_SECRETS_DIR is empty.")
    return value


def replace_secret(place: str, value: str) -> bool:
    """Keep a newer secret (a refresh token that was exchanged) in its file; False when it lives in a variable.

    Raises:
        OSError: the file cannot be written.
    """
    kind, _, name = checked_place(place, "secret").partition(":")
    if kind != "file":
        return False
    path = _path(name)
    fresh = path.with_name(f".{name}.{os.getpid()}")
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return True


def _path(name: str) -> Path:
    return Path(settings.AMENDS_SECRETS_DIR) / name
