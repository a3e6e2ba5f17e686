"""`amends demo`: loads the demo company once, through the same verbs as the pages, and prints its sign-ins."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final

from amends.cli import environment

SUMMARY = "load the demo company, once, and print its sign-ins"
EVERY: Final = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """No arguments: AMENDS_DEMO_PASSWORD sets the password of the sign-ins, else it is this installation's own."""
    del parser


def main(arguments: argparse.Namespace) -> int:
    """Load what is missing of the demo company; 0 also when there is nothing to do, 1 when a story was refused."""
    del arguments
    from django.apps import apps

    if apps.ready:
        return load()
    with environment.django_ready():
        return load()


def load(now: datetime | None = None, *, processes: int | None = None) -> int:
    """Found the company if it is not there, tell every story that is missing, print the sign-ins.

    Args:
        now: the moment the stories are told from.
        processes: how many work at it; None is one for each processor, at most four.
    """
    from amends.cli.demo_company import founding, telling
    from amends.core import clock

    if telling.SHARE in os.environ:
        return _report(telling.tell_share(os.environ[telling.SHARE]))
    if founding.someone_elses():
        print("  The demo company was not loaded: this system belongs to an organisation of its own.", flush=True)
        return 0
    refused: list[str] = []
    if founding.finished_at() is None:
        began = time.monotonic()
        refused = telling.tell_everything(
            now or clock.now(), processes=processes or telling.sensible_processes(), progress=_progress()
        )
        print(f"  Demo company: loaded in {time.monotonic() - began:.0f} s.", flush=True)
    print_sign_ins()
    return _report(refused)


def _progress() -> Callable[[int, int], None]:
    """A line for every fifty stories."""
    said = 0

    def say(told: int, total: int) -> None:
        nonlocal said
        if told >= said + EVERY:
            said = told - told % EVERY
            print(f"  Demo company: {told} of {total} complaints told.", flush=True)

    return say


def _report(refused: list[str]) -> int:
    for line in refused:
        print(f"amends: {line}", file=sys.stderr)
    return 1 if refused else 0


def print_sign_ins() -> None:
    """Who can sign in, and with what; the password only while it is still the one that was given."""
    from amends.accounts.public import User
    from amends.cli.demo_company import founding

    word, known = founding.password(), dict[str, bool]()
    print(f"  Sign in as one of these; the password is {word}")
    for who, email in founding.sign_ins():
        user = User.objects.filter(email=email, is_active=True).first()
        if user is not None:
            if user.password not in known:  # one slow check for all who still have the same
                known[user.password] = user.check_password(word)
            note = "" if known[user.password] else "  (has a password of their own)"
            print(f"    {email:<28} {who}{note}", flush=True)
