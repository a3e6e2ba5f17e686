"""PostgreSQL's own programs (`pg_dump`, `pg_restore`, `psql`), with the password out of sight of other users."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from amends.cli.errors import CommandError
from amends.core import postgres
from amends.core.postgres_files import PostgresUnavailableError


def program(name: str) -> str:
    """The path of a program: the one that came with the embedded PostgreSQL, else the system's.

    Raises:
        CommandError: there is neither.
    """
    try:
        return str(postgres.binaries() / name)
    except PostgresUnavailableError:
        found = shutil.which(name)
        if found is None:
            raise CommandError(f"The program {name} is missing: install the PostgreSQL client programs.") from None
        return found


def connection(url: str) -> tuple[str, dict[str, str]]:
    """A connection string without the password, and an environment with it: command lines can be read by everybody."""
    parts = conninfo_to_dict(url)
    password = parts.pop("password", None)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    kept["PGCONNECT_TIMEOUT"] = "10"
    if password is not None:
        kept["PGPASSWORD"] = str(password)
    return make_conninfo("", **parts), kept


def last_line(output: Path) -> str:
    """What a program said last."""
    lines = output.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
