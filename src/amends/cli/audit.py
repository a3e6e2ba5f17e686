"""`amends audit verify`: proof that nothing in the record was changed or removed."""

from __future__ import annotations

import argparse

from amends.cli import environment

SUMMARY = "prove that the record is whole"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One action so far."""
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("verify", help="check every row and every seal; 1 if anything was changed")


def main(arguments: argparse.Namespace) -> int:
    """Print what was checked and one sentence for each thing that is wrong."""
    del arguments
    with environment.django_ready():
        from amends.audit.public import verify

        result = verify()
    for problem in result.problems:
        print(problem)
    checked = (
        f"{result.rows} rows in {result.chains} chains, {result.seals} seals, {result.unsealed} rows not sealed yet"
    )
    print(f"The record is whole: {checked}." if result.whole else f"The record was changed: {checked}.")
    return 0 if result.whole else 1
