"""Questions about the record."""

from __future__ import annotations

from amends.audit.models import Record


def records_of(chain: str, *, limit: int = 2000) -> list[Record]:
    """The rows of one subject in order, at most `limit`."""
    return list(Record.objects.filter(chain=chain).order_by("seq")[:limit])
