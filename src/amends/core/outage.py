"""Whether an error means "the database is away for now" (PURE)."""

from __future__ import annotations

import django.db
import psycopg
from procrastinate.exceptions import ConnectorException

AWAY = (django.db.OperationalError, django.db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)


def database_is_away(error: BaseException) -> bool:
    """Whether the same request may succeed in some seconds: no connection, a lost one, a deadlock.

    A job that could not be deferred wraps the error of its database connection.
    """
    cause = error.__cause__ if isinstance(error, ConnectorException) else error
    return isinstance(cause, AWAY)
