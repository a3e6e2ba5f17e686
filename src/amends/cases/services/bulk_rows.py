"""Writing many rows at once: COPY instead of INSERT, ids taken from the sequences beforehand."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, cast

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from amends.cases.models import Customer
from amends.cases.services.registration import Person
from amends.core import clock


class NewRows:
    """Rows of one table on their way in. A row is a list of values, much cheaper than an instance of the model.

    Every column is written, with the model's default when a row does not give it, so that a new one is not forgotten.
    """

    def __init__(self, model: type[models.Model]) -> None:
        meta = model._meta  # noqa: SLF001  # Meta is Django's documented way
        first = model()
        fields = [
            one
            for one in meta.local_concrete_fields
            if not one.generated and not isinstance(getattr(first, one.attname), DatabaseDefault)
        ]
        self._table = meta.db_table
        self._columns = [str(one.column) for one in fields]
        self._defaults = [_plain(getattr(first, one.attname)) for one in fields]
        self._place = {one.attname: place for place, one in enumerate(fields)}
        self._rows: list[list[Any]] = []

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, **values: Any) -> list[Any]:
        """A new row with these values, by the names of the columns."""
        row = self._defaults.copy()
        for name, value in values.items():
            row[self._place[name]] = value
        self._rows.append(row)
        return row

    def take_ids(self) -> list[int]:
        """Give the rows their ids from the table's sequence, in order, with one statement."""
        numbers = next_ids(self._table, len(self._rows))
        place = self._place["id"]
        for row, number in zip(self._rows, numbers, strict=True):
            row[place] = number
        return numbers

    def copy(self) -> None:
        """Insert the rows, which have their ids, with one COPY. Constraints, triggers and indexes work as with INSERT.

        Raises:
            IntegrityError: the database refuses one of them; then none is stored.
        """
        if not self._rows:
            return
        columns = ", ".join(map(_quoted, self._columns))
        statement = f"COPY {_quoted(self._table)} ({columns}) FROM STDIN"
        with connection.cursor() as cursor, cast("Any", cursor).copy(statement) as copy:
            for row in self._rows:
                copy.write_row(row)


def _plain(value: Any) -> Any:
    return as_json(value) if isinstance(value, dict | list) else value


def as_json(value: Any) -> str:
    """A value of a JSON column as COPY wants it."""
    return json.dumps(value, ensure_ascii=False)


def next_ids(table: str, count: int) -> list[int]:
    """The next ids of a table, which are ours from now on."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table, count],
        )
        return [number for (number,) in cursor.fetchall()]


def _quoted(name: str) -> str:
    return connection.ops.quote_name(name)


CustomerKey = tuple[str, str] | int
"""Address and name, or the position of somebody without an address."""
_COLUMNS = ("email", "name", "phone", "address", "account_number", "user_name", "language")


def key_of(person: Person, number: int) -> CustomerKey:
    """Under which key `customers_of` gives the customer of the person at this position."""
    return (person.email, person.name) if person.email else number


def customers_of(people: Sequence[Person]) -> dict[CustomerKey, int]:
    """The id of a customer for each person, by address and name, or by position when there is no address (4 statements)."""
    wanted = {(person.email, person.name): person for person in people if person.email}
    found: dict[CustomerKey, int] = {}
    if wanted:
        found.update(_with_address([wanted[key] for key in sorted(wanted)]))
    nameless = [number for number, person in enumerate(people) if not person.email]
    rows = NewRows(Customer)
    for number in nameless:
        rows.add(**{name: getattr(people[number], name) for name in _COLUMNS})
    found.update(zip(nameless, rows.take_ids(), strict=True))
    rows.copy()
    return found


def _with_address(people: Sequence[Person]) -> dict[CustomerKey, int]:
    """Insert those who are not known, in a fixed order so that two imports cannot wait for each other; then read all."""
    values = [[getattr(person, name) for person in people] for name in _COLUMNS]
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            INSERT INTO cases_customer ({", ".join(_COLUMNS)}, created_at)
            SELECT *, %s FROM unnest({", ".join(["%s::text[]"] * len(_COLUMNS))})
            ON CONFLICT (email, name) WHERE NOT (email = '') DO NOTHING
            """,  # noqa: S608  # the names are the constant above
            [clock.now(), *values],
        )
        cursor.execute(
            """
            SELECT c.email, c.name, c.id FROM cases_customer AS c
            JOIN unnest(%s::text[], %s::text[]) AS w (email, name) ON c.email = w.email AND c.name = w.name
            WHERE NOT (c.email = '')
            """,
            [values[0], values[1]],
        )
        return {(email, name): number for email, name, number in cursor.fetchall()}
