"""The certificate of the listener: read from its files, and read again when they change (it is renewed every few weeks)."""

from __future__ import annotations

import asyncio
import logging
import ssl
from pathlib import Path
from typing import Final

from amends.core.errors import BadInput

log = logging.getLogger(__name__)
LOOK_SECONDS: Final = 60.0


class Certificate:
    """A context for TLS whose certificate follows its files; connections that are open keep the one they began with."""

    def __init__(self, certificate: str, key: str = "") -> None:
        """Read the files.

        Raises:
            BadInput: they cannot be read, or do not belong together.
        """
        self._files = (Path(certificate), Path(key or certificate))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        try:
            self._read_at = self._state()
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as problem:
            raise BadInput(
                f"The mail certificate cannot be used ({type(problem).__name__}): AMENDS_MAIL_CERTIFICATE and "
                "AMENDS_MAIL_KEY name files in PEM that belong together and that Amends may read."
            ) from None

    def look(self) -> bool:
        """Read the files again when they have changed; True when that was so. A wrong one leaves the old one in use."""
        try:
            state = self._state()
            if state == self._read_at:
                return False
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
                *self._files
            )  # a trial: a half-written file is no harm
            self.context.load_cert_chain(*self._files)
        except (OSError, ssl.SSLError) as problem:
            log.warning("mail_certificate_not_read", extra={"kind": type(problem).__name__})
            return False
        self._read_at = state
        return True

    async def follow(self) -> None:
        """Look again and again, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def _state(self) -> tuple[tuple[int, int], ...]:
        return tuple((found.st_mtime_ns, found.st_ino) for found in (path.stat() for path in self._files))
