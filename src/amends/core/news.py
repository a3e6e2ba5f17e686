"""Live news between processes over PostgreSQL's NOTIFY, delivered only when the transaction commits."""

from __future__ import annotations

import json
from typing import Any

from django.db import connection

CHANNEL = "amends_news"


def announce(topic: str, **values: Any) -> None:
    """Tell every web process that something changed. `values` are ids and short words; at most 8,000 bytes in all.

    No personal data goes in here: whoever listens reads the database with their own rights.
    """
    payload = json.dumps({"topic": topic, **values}, separators=(",", ":"))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, %s)", [CHANNEL, payload])
