"""Writing many rows at once: COPY instead of INSERT, ids taken from the sequences beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from operator import attrgetter
from typing import Any, cast

from django.db import connection, models
from django.db.models.expressions import DatabaseDefault

from amends.cases.models import Customer
from amends.cases.services.registration import Person
from amends.core import clock


def copy_in(model: type[models.Model], rows: Sequence[models.Model]) -> None:
    """Insert rows that have their ids, with one COPY. Constraints, triggers and indexes work as with INSERT.

    Raises:
        IntegrityError: the database refuses one of them; then none is stored.
    """
    if not rows:
        return
    fields = _fields(model, rows[0])
    documents = [place for place, one in enumerate(fields) if isinstance(one, models.JSONField)]
    read = attrgetter(*(one.attname for one in fields))
    table = _quoted(model._meta.db_table)  # noqa: SLF001  # Meta is Django's documented way
    columns = ", ".join(_quoted(str(one.column)) for one in fields)
    with connection.cursor() as cursor, cast("Any", cursor).copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            values = list(read(row))
            for place in documents:
                values[place] = json.dumps(values[place], ensure_ascii=False)
            copy.write_row(values)


def _fields(model: type[models.Model], first: models.Model) -> list[models.Field[Any, Any]]:
    """All columns, so that a new one is not forgotten, but for those that the database fills in itself."""
    return [
        one
        for one in model._meta.local_concrete_fields  # noqa: SLF001  # as above
        if not one.generated and not isinstance(getattr(first, one.attname), DatabaseDefault)
    ]


def give_ids(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Give rows their ids from the table's sequence, in order, with one statement."""
    waiting = list(rows)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [model._meta.db_table, len(waiting)],  # noqa: SLF001  # as above
        )
        for row, (number,) in zip(waiting, cursor.fetchall(), strict=True):
            row.pk = number


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
    nameless = {number: _customer(person) for number, person in enumerate(people) if not person.email}
    if nameless:
        give_ids(Customer, nameless.values())
        copy_in(Customer, list(nameless.values()))
        found.update({number: customer.pk for number, customer in nameless.items()})
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


def _customer(person: Person) -> Customer:
    return Customer(**{name: getattr(person, name) for name in _COLUMNS})
