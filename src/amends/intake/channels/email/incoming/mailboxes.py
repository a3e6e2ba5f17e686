"""The verbs of mailboxes: add, change, stop reading, try out. Secrets stay where they are; only their places are named."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import transaction

from amends.accounts.public import Actor, Permission, Unit
from amends.audit.public import record
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.core.text import clean_line
from amends.intake.channels.email.incoming.secret_places import checked_place
from amends.intake.channels.email.models import Mailbox, MailboxAuth, MailboxTLS, OAuthGrant

FIELDS: Final = (
    "name", "unit_id", "address", "host", "port", "tls", "user", "folder", "auth", "secret", "token_url", "client_id",
    "client_secret", "scope", "grant", "skip_existing", "active",
)  # fmt: skip
PLACE: Final = ("host", "port", "user", "folder")
"""Another one of these is another folder: it is read from its beginning."""
LIMITS: Final = {
    "name": 120, "address": 320, "host": 253, "user": 320, "folder": 500, "secret": 200, "token_url": 500, "client_id": 300,
    "client_secret": 200, "scope": 500,
}  # fmt: skip
"""Characters at most, as the table has them."""
_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|[0-9a-fA-F:]+")


@dataclass(frozen=True, slots=True)
class Trial:
    """What a try at a mailbox found."""

    works: bool
    sentence: str
    messages: int = 0


def add_mailbox(*, actor: Actor, values: Mapping[str, Any]) -> Mailbox:
    """Add a mailbox; its reading begins within seconds wherever `amends mail` runs.

    Args:
        values: by the names in `FIELDS`; name, unit_id, host and user are needed.

    Raises:
        BadInput: a value is missing or wrong.
        Conflict: the name is taken.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    mailbox = Mailbox()
    with transaction.atomic():
        _apply(actor, mailbox, values)
        mailbox.save(force_insert=True)
        record(
            actor=actor, chain="mailboxes", kind="mailbox_added", data={"mailbox": mailbox.pk, "unit": mailbox.unit_id}
        )
    return mailbox


def change_mailbox(*, actor: Actor, mailbox_id: int, values: Mapping[str, Any]) -> Mailbox:
    """Change some values of a mailbox.

    Raises:
        BadInput: a value is wrong.
        Conflict: the name is taken.
        NotFound: there is no such mailbox.
    """
    actor.require(Permission.SETTINGS_CHANGE)
    with transaction.atomic():
        mailbox = mailbox_of(actor, mailbox_id, lock=True)
        before = {name: getattr(mailbox, name) for name in FIELDS}
        _apply(actor, mailbox, values)
        changed = [name for name in FIELDS if getattr(mailbox, name) != before[name]]
        if not changed:
            return mailbox
        if any(name in PLACE for name in changed):
            mailbox.uid_validity, mailbox.last_uid, mailbox.first_contact_at = None, 0, None
        mailbox.changed_at = clock.now()
        mailbox.last_error, mailbox.failing_since = "", None
        mailbox.save()
        record(
            actor=actor,
            chain="mailboxes",
            kind="mailbox_changed",
            data={"mailbox": mailbox.pk, "fields": sorted(changed)},
        )
    return mailbox


def mailbox_of(actor: Actor, mailbox_id: int, *, lock: bool = False) -> Mailbox:
    """A mailbox of a unit that the actor sees.

    Raises:
        NotFound: there is none with this id.
    """
    rows = Mailbox.objects.select_for_update(of=("self",)) if lock else Mailbox.objects.all()
    found = rows.select_related("unit").filter(pk=mailbox_id).first() if 0 < mailbox_id < 2**63 else None
    if found is None or not actor.sees_unit(found.unit_id):
        raise NotFound
    return found


def mailboxes_for(actor: Actor) -> list[Mailbox]:
    """The mailboxes of the units that the actor sees, by name."""
    return [one for one in Mailbox.objects.select_related("unit").order_by("name") if actor.sees_unit(one.unit_id)]


def try_out(*, actor: Actor, mailbox_id: int) -> Trial:
    """Connect, sign in and open the folder once, and say what came of it. Nothing is read and nothing is changed."""
    from amends.intake.channels.email.incoming.imap import MailboxTrouble, open_session
    from amends.intake.channels.email.incoming.oauth import Tokens

    actor.require(Permission.SETTINGS_CHANGE)
    mailbox = mailbox_of(actor, mailbox_id)
    try:
        with open_session(mailbox, Tokens()) as session:
            return Trial(True, "", session.folder.exists)
    except MailboxTrouble as trouble:
        return Trial(False, str(trouble))


def _apply(actor: Actor, mailbox: Mailbox, values: Mapping[str, Any]) -> None:
    for name, value in values.items():
        if name not in FIELDS:
            raise BadInput(f"A mailbox has no “{name}”.", field=name)
        setattr(mailbox, name, clean_line(value) if isinstance(value, str) else value)
    _check_lengths(mailbox)
    if (
        not mailbox.unit_id
        or not actor.sees_unit(mailbox.unit_id)
        or not Unit.objects.filter(pk=mailbox.unit_id).exists()
    ):
        raise BadInput("Choose the unit that mail in this mailbox belongs to.", field="unit")
    for name, words in (
        ("name", "Give the mailbox a name."),
        ("user", "Say which user signs in."),
        ("folder", "Name the folder."),
    ):
        if not getattr(mailbox, name):
            raise BadInput(words, field=name)
    if not _HOST.fullmatch(mailbox.host):
        raise BadInput("The host is the name of the IMAP server, such as imap.example.org.", field="host")
    if not 1 <= mailbox.port <= 65535:
        raise BadInput("The port is a number from 1 to 65535.", field="port")
    if mailbox.address and ("@" not in mailbox.address or " " in mailbox.address):
        raise BadInput("The address is an e-mail address, or empty.", field="address")
    for name, known in (("tls", MailboxTLS.values), ("auth", MailboxAuth.values), ("grant", ["", *OAuthGrant.values])):
        if getattr(mailbox, name) not in known:
            raise BadInput(f"“{name}” is one of: {', '.join(filter(None, known))}.", field=name)
    _check_secrets(mailbox)
    if Mailbox.objects.filter(name=mailbox.name).exclude(pk=mailbox.pk).exists():
        raise Conflict("Another mailbox has this name already.", field="name")


def _check_lengths(mailbox: Mailbox) -> None:
    for name, limit in LIMITS.items():
        if len(getattr(mailbox, name)) > limit:
            raise BadInput(f"“{name}” is longer than {limit} characters.", field=name)


def _check_secrets(mailbox: Mailbox) -> None:
    if mailbox.auth == MailboxAuth.PASSWORD:
        mailbox.secret = checked_place(mailbox.secret, "secret")
        return
    mailbox.grant = mailbox.grant or OAuthGrant.REFRESH_TOKEN
    if not mailbox.token_url.startswith(("https://", "http://")):
        raise BadInput("The token address begins with https://.", field="token_url")
    if not mailbox.client_id:
        raise BadInput("OAuth 2 needs the client's id.", field="client_id")
    if mailbox.grant == OAuthGrant.REFRESH_TOKEN:
        mailbox.secret = checked_place(mailbox.secret, "secret")
    if mailbox.client_secret or mailbox.grant == OAuthGrant.CLIENT_CREDENTIALS:
        mailbox.client_secret = checked_place(mailbox.client_secret, "client_secret")
