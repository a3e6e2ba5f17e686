"""`amends restore FILE`: put a backup in place of an empty system, or with --replace of one that is not empty."""

from __future__ import annotations

import argparse
import fcntl
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import IO, Final

from amends.cli import archive, environment, migrate
from amends.cli.errors import CommandError

SUMMARY = "put a backup in place"
HEADER_LINES: Final = 60  # a dump's settings come before its first object

# What the restored database replaces: all in `public` that is ours; what extensions brought stays.
CLEAR: Final = """
CREATE FUNCTION pg_temp.is_ours(kind regclass, number oid) RETURNS boolean LANGUAGE sql AS
  $$ SELECT NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = kind AND objid = number AND deptype = 'e') $$;
DO $clear$
DECLARE one record;
BEGIN
  FOR one IN
    SELECT relname AS name,
           CASE relkind WHEN 'v' THEN 'VIEW' WHEN 'm' THEN 'MATERIALIZED VIEW' WHEN 'S' THEN 'SEQUENCE' ELSE 'TABLE' END
           AS kind
      FROM pg_class
     WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p', 'v', 'm', 'S')
       AND pg_temp.is_ours('pg_class', oid)
     ORDER BY relkind = 'S'
  LOOP EXECUTE format('DROP %s IF EXISTS public.%I CASCADE', one.kind, one.name); END LOOP;
  FOR one IN
    SELECT proname AS name, pg_get_function_identity_arguments(oid) AS arguments
      FROM pg_proc WHERE pronamespace = 'public'::regnamespace AND pg_temp.is_ours('pg_proc', oid)
  LOOP EXECUTE format('DROP ROUTINE IF EXISTS public.%I(%s) CASCADE', one.name, one.arguments); END LOOP;
  FOR one IN
    SELECT typname AS name FROM pg_type
     WHERE typnamespace = 'public'::regnamespace AND typelem = 0 AND pg_temp.is_ours('pg_type', oid)
       AND (typtype IN ('e', 'd') OR EXISTS (SELECT 1 FROM pg_class WHERE pg_class.oid = typrelid AND relkind = 'c'))
  LOOP EXECUTE format('DROP TYPE IF EXISTS public.%I CASCADE', one.name); END LOOP;
END $clear$;
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What, and whether it may take the place of something."""
    parser.add_argument("file", type=Path, help="a file that `amends backup` wrote")
    parser.add_argument("--replace", action="store_true", help="throw away what is there now")


def main(arguments: argparse.Namespace) -> int:
    """Check the whole file first; then the database changes in one transaction or not at all."""
    where = environment.read()
    environment.make_data_folder(where.data)
    with (
        _nothing_runs(where.data),
        environment.database(where) as url,
        tempfile.TemporaryDirectory(dir=where.data, prefix="restore-") as folder,
    ):
        unpacked = Path(folder)
        manifest = archive.unpack(arguments.file, unpacked)
        _refuse_to_overwrite(url, where.data, replace=arguments.replace)
        _restore_database(url, unpacked, list(manifest["extensions"]))
        _put_files(unpacked, where.data)
        applied = _bring_up_to_date()
    print(f"Restored what was saved at {manifest['made_at']} by Amends {manifest['amends']}.")
    if applied:
        print(f"{applied} migrations of this later release were applied.")
    return 0


def _nothing_runs(data: Path) -> IO[bytes]:
    lock = (data / "run.lock").open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CommandError("Amends is running: end it first, then restore.") from None
    return lock


def _refuse_to_overwrite(url: str, data: Path, *, replace: bool) -> None:
    import psycopg

    with psycopg.connect(url) as connection:
        others = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
            "AND backend_type = 'client backend'"
        ).fetchone()
        tables = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'"
        ).fetchone()
    if others is not None and others[0]:
        raise CommandError(f"{others[0]} other connections use the database: end the programs that hold them first.")
    if not replace and ((tables is not None and tables[0]) or (data / archive.FILES).exists()):
        raise CommandError(
            "There is a system already: make a backup of it, then call this again with --replace to throw it away."
        )


def _restore_database(url: str, unpacked: Path, extensions: list[str]) -> None:
    """Clear and fill in one transaction of psql, so that a failure leaves what was there."""
    from amends.cli import programs

    dump, clear, said = unpacked / archive.DUMP, unpacked / "clear.sql", unpacked / "psql.log"
    listing = subprocess.run(  # noqa: S603  # our own program
        [programs.program("pg_restore"), "--list", str(dump)], capture_output=True, text=True, check=False
    )
    if listing.returncode != 0:
        raise CommandError(f"The database in the backup cannot be read: {listing.stderr.strip()}")
    wanted = [line for line in listing.stdout.splitlines() if " SCHEMA - public" not in line]  # it is always there
    chosen = unpacked / "chosen.list"
    chosen.write_text("\n".join(wanted), encoding="utf-8")
    needed = "".join(f'CREATE EXTENSION IF NOT EXISTS "{name}";\n' for name in extensions if name.isidentifier())
    clear.write_text(CLEAR + needed, encoding="utf-8")
    address, variables = programs.connection(url)
    from_dump = ["--no-owner", "--no-privileges", f"--use-list={chosen}", "--file=-", str(dump)]
    into = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", f"--dbname={address}"]
    with said.open("wb") as errors:
        reader = subprocess.Popen(  # noqa: S603
            [programs.program("pg_restore"), *from_dump], stdout=subprocess.PIPE, stderr=errors
        )
        writer = subprocess.Popen(  # noqa: S603
            [programs.program("psql"), *into, f"--file={clear}", "--file=-"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=variables,
        )
        with reader, writer:
            _pour(reader, writer)
    if reader.returncode != 0 or writer.returncode != 0:
        raise CommandError(f"The database was left as it was, because this failed: {programs.last_line(said)}")


def _pour(reader: subprocess.Popen[bytes], writer: subprocess.Popen[bytes]) -> None:
    """From one to the other; the end of input, which lets psql commit, is only told when the reader did well."""
    source, sink = reader.stdout, writer.stdin
    assert source is not None
    assert sink is not None
    try:
        for _line in range(HEADER_LINES):
            line = source.readline()
            if not line.startswith(b"SET transaction_timeout"):  # servers before PostgreSQL 17 do not know it
                sink.write(line)
        shutil.copyfileobj(source, sink, archive.BLOCK)
        if reader.wait() != 0:
            writer.kill()
        sink.close()
    except BrokenPipeError:
        source.close()  # psql has given up; its exit code and its last line say why


def _put_files(unpacked: Path, data: Path) -> None:
    """After the database: a key without its database is worse than the other way round."""
    key = unpacked / archive.KEY
    if key.exists():
        key.chmod(0o600)
        key.replace(data / archive.KEY)
    old = unpacked / "old-files"
    if (data / archive.FILES).exists():
        (data / archive.FILES).rename(old)
    if (unpacked / archive.FILES).exists():
        (unpacked / archive.FILES).rename(data / archive.FILES)


def _bring_up_to_date() -> int:
    with environment.django_ready(migrated=False):
        return migrate.apply()
