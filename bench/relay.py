"""A relay for measurements: speaks as much SMTP as our sender does, keeps nothing, and notes when it had whose mail."""

from __future__ import annotations

import asyncio
import threading
import time

_ANSWERS = {b"MAIL": b"250 OK\r\n", b"RCPT": b"250 OK\r\n", b"RSET": b"250 OK\r\n", b"NOOP": b"250 OK\r\n"}


class CountingRelay:
    """Takes mail on a free port of this machine, in a thread; `taken` says when (monotonic) it had the mail for an address."""

    def __init__(self) -> None:
        self.taken: dict[str, float] = {}
        self.copies = 0
        self.port = 0
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        """Listen; returns when it does."""
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        """Stop listening."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(asyncio.start_server(self._talk, "127.0.0.1", 0, limit=1 << 22))
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        self._loop.run_forever()
        server.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 bench\r\n")
        recipient = ""
        try:
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb in (b"EHLO", b"HELO"):
                    writer.write(b"250 bench\r\n")
                elif verb == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    await reader.readuntil(b"\r\n.\r\n")
                    self.copies += 1
                    self.taken.setdefault(recipient, time.monotonic())
                    writer.write(b"250 taken\r\n")
                else:
                    if verb == b"RCPT":
                        recipient = line.partition(b"<")[2].partition(b">")[0].decode("ascii", "replace").lower()
                    writer.write(_ANSWERS.get(verb, b"500 what?\r\n"))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            return  # the sender went away; it will come again
        finally:
            writer.close()
