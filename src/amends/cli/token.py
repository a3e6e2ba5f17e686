"""`amends token create`: a key for a program that uses the API."""

from __future__ import annotations

import argparse

from amends.cli import environment

SUMMARY = "make a token for the API"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """One action so far."""
    actions = parser.add_subparsers(dest="action", required=True)
    create = actions.add_parser("create", help="make a token and print it once, alone on the last line")
    create.add_argument("--name", required=True, help="who will use it, for example “shop website”")
    create.add_argument("--scope", required=True, help="what it may do, separated by commas: intake,read,work")


def main(arguments: argparse.Namespace) -> int:
    """Print the new token alone on the last line of stdout; it cannot be read again."""
    with environment.django_ready():
        from amends.accounts.public import SYSTEM, create_token

        scopes = [scope.strip() for scope in arguments.scope.split(",") if scope.strip()]
        secret = create_token(actor=SYSTEM, name=arguments.name, scopes=scopes)
    print(f"The token “{arguments.name}” may: {', '.join(scopes)}. Keep it: it cannot be shown again.")
    print(secret)
    return 0
