"""What the mail tests share: the public mail sets, and a short way to write a mail."""

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
MAIL = Path(os.environ.get("AMENDS_SHARED_DATA", ROOT.parent / "shared" / "data")) / "mail"


@pytest.fixture(scope="session")
def mail_sets() -> Path:
    """The folder with the public mail sets; skips when it is not there."""
    if not MAIL.is_dir():
        pytest.skip("the public mail sets are not here (AMENDS_SHARED_DATA)")
    return MAIL


def crlf(text: str, charset: str = "utf-8") -> bytes:
    """A mail written in a test, with the line ends of the wire."""
    return text.lstrip("\n").replace("\n", "\r\n").encode(charset)
