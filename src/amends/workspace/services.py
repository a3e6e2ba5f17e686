"""The shell's own verbs: counting failed sign-ins and keeping a person's preferences."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction

from amends.accounts.public import Actor, User
from amends.audit.public import record
from amends.core import clock
from amends.core.ids import sign
from amends.workspace.models import SignInAttempt

WINDOW = timedelta(minutes=15)
PER_ADDRESS = 10
"""Failed attempts on one address, or from one machine, within the window before both must wait."""
PER_MACHINE = 50


def _sources(email: str, machine: str) -> tuple[str, str]:
    return sign("sign-in-address", email), sign("sign-in-machine", machine)


def sign_in_must_wait(*, email: str, machine: str) -> bool:
    """Whether there were too many failed attempts lately on this address or from this machine."""
    since = clock.now() - WINDOW
    address, origin = _sources(email, machine)
    attempts = SignInAttempt.objects.filter(at__gt=since)
    return (
        attempts.filter(source=address)[:PER_ADDRESS].count() >= PER_ADDRESS
        or attempts.filter(source=origin)[:PER_MACHINE].count() >= PER_MACHINE
    )


def note_failed_sign_in(*, email: str, machine: str) -> None:
    """Remember a failed attempt and forget those that no longer count."""
    now = clock.now()
    with transaction.atomic():
        SignInAttempt.objects.filter(at__lt=now - WINDOW).delete()
        SignInAttempt.objects.bulk_create(SignInAttempt(source=source, at=now) for source in _sources(email, machine))


def forget_failed_sign_ins(*, email: str) -> None:
    """After a sign-in that worked, the address starts afresh; the machine does not."""
    SignInAttempt.objects.filter(source=_sources(email, "")[0]).delete()


def set_preferences(*, actor: Actor, single_key_shortcuts: bool | None = None, language: str | None = None) -> None:
    """Keep what somebody chose for their own pages; None leaves a thing as it is."""
    values = {"single_key_shortcuts": single_key_shortcuts, "language": language}
    changed = {name: value for name, value in values.items() if value is not None}
    if changed and actor.user_id is not None:
        with transaction.atomic():
            User.objects.filter(pk=actor.user_id).update(**changed)
            record(actor=actor, chain="accounts", kind="preferences_changed", data=changed)
