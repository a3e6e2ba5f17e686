"""Live news between processes over PostgreSQL's NOTIFY, delivered only when the transaction commits."""

from __future__ import annotations

import json
import re
from typing import Any

from django.db import connection

from amends.core.together import gather

CHANNEL = "amends_news"
MARK = re.compile(r"(\d{1,18}) ((?:\d{1,18}(?:,\d{1,18}){0,999})?)", re.ASCII)


def announce(topic: str, **values: Any) -> None:
    """Tell every web process that something changed. `values` are ids and short words; at most 8,000 bytes in all.

    No personal data goes in here: whoever listens reads the database with their own rights.
    """
    payload = json.dumps({"topic": topic, **values}, separators=(",", ":"))
    gathered: dict[str, None] | None = gather(CHANNEL, dict, _tell)
    if gathered is None:
        _tell({payload: None})
    else:
        gathered[payload] = None  # said once, however often it is true


def _tell(payloads: dict[str, None]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval('amends_news'), pg_notify(%s, one.payload)"
            " FROM unnest(%s::text[]) WITH ORDINALITY AS one (payload, place) ORDER BY one.place",
            [CHANNEL, list(payloads)],
        )


def mark() -> str:
    """Where the news stand, as "number transactions": the newest announcement and who was still writing (1 query).

    A page carries the mark from before it read its data; once its stream listens it asks `missed_since`. An announcement
    takes its number before it commits, so the transactions of this moment belong to the mark.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_value, array(SELECT backend_xid::text FROM pg_stat_activity WHERE datname = current_database() "
            "AND backend_xid IS NOT NULL) FROM amends_news"
        )
        number, writing = cursor.fetchone()
    return f"{number} {','.join(writing)}"


def missed_since(said: str) -> bool:
    """Whether anything may have been announced since this mark was made (1 query); also for what is no mark.

    It errs towards yes: a transaction that was open then and is over now may have announced something or not.
    """
    found = MARK.fullmatch(said)
    if found is None:
        return True
    writing = [one for one in found[2].split(",") if one]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT last_value <> %s OR EXISTS (SELECT unnest(%s::text[]) EXCEPT "
            "SELECT backend_xid::text FROM pg_stat_activity) FROM amends_news",
            [int(found[1]), writing],
        )
        return bool(cursor.fetchone()[0])
