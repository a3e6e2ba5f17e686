"""Reading a list that begins with the newest: back to where we were, and a piece further, because lists shift."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from amends.intake.channels.reviews.connectors.base import Cursor
from amends.intake.channels.reviews.connectors.calls import moment_of


class Sweep:
    """Where a sweep stands.

    Between two sweeps the cursor is `{"newest": …}`; within one it has the `page` to ask for and the `top` seen so far,
    which becomes `newest` only when the sweep has ended: a sweep that breaks off is done again from its page.
    """

    def __init__(self, cursor: Cursor, overlap: timedelta) -> None:
        self._newest = moment_of(cursor.get("newest"))
        self._top = moment_of(cursor.get("top"))
        self._overlap = overlap
        self.full = bool(cursor.get("full"))
        self.page: str = str(cursor.get("page") or "")
        self.begun_again = bool(cursor.get("begun_again"))

    def after(self, moments: Iterable[datetime | None], next_page: str | None) -> tuple[Cursor, bool]:
        """The cursor after a page whose items bear these times, and whether the next page is wanted."""
        known = [one for one in moments if one is not None]
        top = max([*known, *filter(None, [self._top])], default=None)
        far_enough = not self.full and self._newest is not None and known and min(known) < self._newest - self._overlap
        if next_page and not far_enough:
            return self._cursor(page=next_page, top=top), True
        newest = max(filter(None, [top, self._newest]), default=None)
        return ({"newest": newest.isoformat()} if newest else {}), False

    def again(self) -> Cursor:
        """The cursor that begins this sweep again, because its page is not known there any more."""
        return {**self._cursor(page="", top=None), "begun_again": True}

    def _cursor(self, page: str, top: datetime | None) -> Cursor:
        cursor: Cursor = {"page": page} if page else {}
        if self.full:
            cursor["full"] = True
        if self._newest:
            cursor["newest"] = self._newest.isoformat()
        if top:
            cursor["top"] = top.isoformat()
        return cursor
