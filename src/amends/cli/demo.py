"""`amends demo`: loads the demo company once, through the same verbs as the pages, and prints its sign-ins."""

from __future__ import annotations

import argparse
import gc
import sys
import time
from datetime import datetime

from amends.cli import environment

SUMMARY = "load the demo company, once, and print its sign-ins"


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


def load(now: datetime | None = None) -> int:
    """Found the company if it is not there, tell every story that is missing, print the sign-ins."""
    from amends.cli.demo_company import founding
    from amends.core import clock

    if founding.someone_elses():
        print("  The demo company was not loaded: this system belongs to an organisation of its own.", flush=True)
        return 0
    refused: list[str] = []
    if founding.finished_at() is None:
        refused = tell_everything(now or clock.now())
    print_sign_ins()
    for line in refused:
        print(f"amends: {line}", file=sys.stderr)
    return 1 if refused else 0


def tell_everything(now: datetime) -> list[str]:
    """Every story that is not in the system yet, as of `now`; what was refused, one sentence each."""
    from amends.cli.demo_company import founding
    from amends.cli.demo_company.content import stories
    from amends.cli.demo_company.playing import Stage, told_already
    from amends.cli.demo_company.settling import FRESH, old_news_is_read, settle
    from amends.core.errors import AmendsError

    began = time.monotonic()
    if not founding.is_founded():
        founding.found(now)
    known, stage, refused = told_already(), Stage(now), []
    missing = [story for story in stories(now) if story.key not in known]
    gc.disable()  # hundreds of thousands of short-lived objects and no cycles among them: a tenth of the time
    fresh = False
    for number, story in enumerate(missing, start=1):
        if not fresh and story.received_at > now - FRESH:
            fresh = True
            old_news_is_read(now - FRESH)
        try:
            stage.play(story)
        except AmendsError as refusal:
            refused.append(f"The demo story {story.key} could not be told: {refusal}")
        if number % 50 == 0 or number == len(missing):
            gc.collect()
            print(f"  Demo company: {number} of {len(missing)} complaints told.", flush=True)
    gc.enable()
    settle(now)
    if not refused:
        founding.note_finished(len(missing))
    print(f"  Demo company: loaded in {time.monotonic() - began:.0f} s.", flush=True)
    return refused


def print_sign_ins() -> None:
    """Who can sign in, and with what; the password only while it is still the one that was given."""
    from amends.accounts.public import User
    from amends.cli.demo_company import founding

    word = founding.password()
    print(f"  Sign in as one of these; the password is {word}")
    for who, email in founding.sign_ins():
        user = User.objects.filter(email=email, is_active=True).first()
        if user is not None:
            note = "" if user.check_password(word) else "  (has a password of their own)"
            print(f"    {email:<28} {who}{note}", flush=True)
