"""How a subcommand refuses."""

from __future__ import annotations


class CommandError(Exception):
    """The command cannot go on; the message is one sentence for a person and says what to do.

    Attributes:
        exit_code: 1 for "cannot be done now", 2 for "wrongly called or bad input".
    """

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.exit_code = exit_code
