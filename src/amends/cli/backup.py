"""`amends backup`: everything into one file, while the system runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

from amends.cli import archive, environment
from amends.cli.errors import CommandError

SUMMARY = "write everything into one file"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Where to."""
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="the file to write (default: backups/ in the data folder)"
    )


def main(arguments: argparse.Namespace) -> int:
    """Write the backup beside its final name and rename it when it is whole and on the disk."""
    where = environment.read()
    with environment.database(where) as url:
        environment.prepare_variables(where)
        target = arguments.to or _default_target(where.data)
        if target.exists():
            raise CommandError(f"{target} exists already: choose another name with --to.")
        try:
            _write(url, where.data, target)
        except OSError as error:
            raise CommandError(
                f"{target} cannot be written ({error.strerror or error}): choose another place."
            ) from None
    print(f"{target} ({target.stat().st_size / 1e6:.1f} MB) holds everything; it can be read by you alone.")
    return 0


def _default_target(data: Path) -> Path:
    from amends.core import clock

    folder = data / "backups"
    folder.mkdir(mode=0o700, exist_ok=True)
    return folder / f"amends-{clock.now():%Y-%m-%dT%H%M%SZ}.tar"


def _write(url: str, data: Path, target: Path) -> None:
    partial = target.with_name(f"{target.name}.partial")
    with tempfile.TemporaryDirectory(dir=target.absolute().parent, prefix=".amends-backup-") as folder:
        dump = Path(folder) / archive.DUMP
        _dump(url, dump)
        with_key = (data / archive.KEY).exists()
        partial.unlink(missing_ok=True)
        try:
            with archive.create_closed(partial) as file:
                archive.write(file, archive.members(data, dump, with_key=with_key), _about(url))
                file.flush()
                os.fsync(file.fileno())
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)


def _about(url: str) -> dict[str, Any]:
    import psycopg

    from amends.core import clock

    with psycopg.connect(url) as connection:
        server = connection.info.server_version
        installed = connection.execute(
            "SELECT extname FROM pg_extension WHERE extname <> 'plpgsql' ORDER BY 1"
        ).fetchall()
    return {
        "amends": version("amends"),
        "made_at": clock.now().isoformat(timespec="seconds"),
        "postgresql": server,
        "extensions": [name for (name,) in installed],
    }


def _dump(url: str, target: Path) -> None:
    from amends.cli import programs

    address, variables = programs.connection(url)
    said = target.with_suffix(".log")
    how = ["--format=custom", "--no-owner", "--no-privileges", "--schema=public", f"--dbname={address}"]
    with archive.create_closed(target) as output, said.open("wb") as errors:
        done = subprocess.run(  # noqa: S603  # our own program
            [programs.program("pg_dump"), *how], stdout=output, stderr=errors, env=variables, check=False
        )
    if done.returncode != 0:
        raise CommandError(f"The database could not be dumped: {programs.last_line(said)}")
