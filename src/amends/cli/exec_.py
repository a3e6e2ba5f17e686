"""`amends exec COMMAND…`: run a program with the database's address, the settings and the key in its environment."""

from __future__ import annotations

import argparse
import shutil
import signal
import subprocess

from amends.cli import environment
from amends.cli.errors import CommandError

SUMMARY = "run another program with DATABASE_URL and the settings prepared"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The program and everything after it."""
    parser.add_argument("command", nargs=argparse.REMAINDER, metavar="COMMAND", help="the program and its arguments")


def main(arguments: argparse.Namespace) -> int:
    """Run it and return its exit code. The embedded server lives at least as long as the program."""
    command = [word for index, word in enumerate(arguments.command) if index or word != "--"]
    program = shutil.which(command[0]) if command else None
    if program is None:
        raise CommandError("Name a program to run, for example `amends exec python -m django shell`.", exit_code=2)
    where = environment.read()
    with environment.database(where):
        environment.prepare_variables(where)
        with subprocess.Popen([program, *command[1:]]) as child:  # noqa: S603  # the user's own command
            # Ctrl-C reaches the program by itself; we stay to clean up after it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, lambda *_: child.terminate())
            code = child.wait()
    return code if code >= 0 else 128 - code
