"""`amends doctor`: look at everything, say what is wrong and what to do."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator

from amends.cli import checks, environment
from amends.cli.errors import CommandError
from amends.cli.findings import Finding, Level, bad

SUMMARY = "check everything and say what is wrong"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Only what needs attention, if wanted."""
    parser.add_argument("--quiet", action="store_true", help="print only what is wrong")


def main(arguments: argparse.Namespace) -> int:
    """One line for each finding; 1 when anything is wrong."""
    wrong = 0
    for finding in examine(environment.read()):
        wrong += finding.level is Level.BAD
        if finding.level is Level.BAD or not arguments.quiet:
            print(f"{finding.level:<6} {finding.what}", flush=True)
    if wrong:
        print(f"{wrong} {'thing is' if wrong == 1 else 'things are'} wrong.")
    return 1 if wrong else 0


def examine(where: environment.Environment) -> Iterator[Finding]:
    """All findings. Later checks are left out when what they need is missing."""
    from amends.core.postgres_files import PostgresUnavailableError

    try:
        environment.make_data_folder(where.data)
    except PostgresUnavailableError as problem:
        yield bad(str(problem))
        return
    yield from _answers(checks.BEFORE_DATABASE, where)
    try:
        with environment.django_ready(migrated=False):
            found = list(_answers(checks.WITH_DATABASE, where))
            yield from found
            if all(finding.level is not Level.BAD for finding in found):
                yield from _answers(checks.WHEN_UP_TO_DATE, where)
    except (CommandError, PostgresUnavailableError) as problem:
        yield bad(str(problem))


def _answers(chosen: Iterable[checks.Check], where: environment.Environment) -> Iterator[Finding]:
    for check in chosen:
        try:
            yield from check(where)
        except Exception as error:  # noqa: BLE001  # a check that breaks is a finding, and the others still count
            yield bad(f"The check of “{check.__name__.replace('_', ' ')}” broke: {type(error).__name__}: {error}")
