"""`amends prepare`: what `amends run` does once before the work begins: migrations, and the demo company."""

from __future__ import annotations

import argparse
import importlib
import importlib.util

from amends.cli import environment, migrate

SUMMARY = "bring the database up to date and load the demo company"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: DEMO says whether the demo company is wanted."""
    del parser


def main(arguments: argparse.Namespace) -> int:
    """Migrate, load the demo company if it is wanted and not there, and print its sign-ins."""
    del arguments
    with environment.django_ready(migrated=False) as where:
        applied = migrate.apply()
        if applied:
            print(f"  {applied} migrations applied.", flush=True)
        if where.demo and importlib.util.find_spec("amends.cli.demo") is not None:
            demo = importlib.import_module("amends.cli.demo")
            parser = argparse.ArgumentParser(prog="amends demo")
            demo.add_arguments(parser)
            # A story that could not be told has been named; it is no reason to refuse the whole system.
            demo.main(parser.parse_args([]))
    return 0
