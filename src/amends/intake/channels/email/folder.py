"""Outgoing mail without a relay: each message as a file, for the demo company and for looking at letters."""

from __future__ import annotations

import os
import re
from email.message import EmailMessage
from pathlib import Path


def write_to_folder(mail: EmailMessage, folder: Path) -> Path:
    """Keep a message as `<Message-ID>.eml`; written wholly or not at all, and a second time over the first.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = re.sub(r"[^\w.@-]", "_", str(mail["Message-ID"] or "").strip("<>"))[:200]
    path, fresh = folder / f"{name}.eml", folder / f".{name}.{os.getpid()}"
    with fresh.open("wb") as file:
        file.write(mail.as_bytes())
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path
