"""Files and the virus scanner: harm is refused, what cannot be checked now is held, and the words are never lost for it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from amends.accounts.public import SYSTEM, Actor, unit_settings
from amends.audit.public import record
from amends.cases.public import Complaint, Message, NewFile, add_note, receive_message
from amends.core.errors import BadInput
from amends.intake.channels.web import clamd
from amends.intake.channels.web.models import HeldFile, HeldState

BATCH = 50
log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Scanned:
    """Files that may be kept, and files that nobody could check now."""

    clean: list[NewFile] = field(default_factory=list)
    held: list[NewFile] = field(default_factory=list)


def scan_files(files: Sequence[NewFile]) -> Scanned:
    """Look at each file with the virus scanner, when one is configured.

    Raises:
        BadInput: there is harm in one, or it is too large to be checked; the message names the file. Nothing is stored.
    """
    scanner = clamd.configured()
    if scanner is None:
        return Scanned(clean=list(files))
    scanned, away = Scanned(), False
    for one in files:
        try:
            verdict = None if away else scanner.scan(one.data)
        except clamd.ScannerAwayError as trouble:
            log.warning("scanner_away", reason=str(trouble))
            verdict, away = None, True
        if verdict is None:
            scanned.held.append(one)
        elif verdict.found:
            log.warning("upload_refused", found=verdict.found)
            raise BadInput(
                _(
                    "The virus scanner found something harmful in “%(name)s”, so I cannot take it. Please send the rest without it."
                )
                % {"name": one.name},
                field="files",
            )
        elif verdict.too_large:
            raise BadInput(
                _("“%(name)s” is too large for the virus scanner. Please make it smaller, or send it in parts.")
                % {"name": one.name},
                field="files",
            )
        else:
            scanned.clean.append(one)
    return scanned


def refuse_empty(text: str, files: Scanned) -> None:
    """Refuse a message with nothing in it, or with nothing that could be kept in the case now.

    Raises:
        BadInput: the sentence says what to add.
    """
    if text.strip() or files.clean:
        return
    if files.held:
        raise BadInput(
            _("Files cannot be checked for viruses at this moment. Please write a sentence to go with them."),
            field="text",
        )
    raise BadInput(_("Please write something or choose a file."), field="text")


def hold_files(*, actor: Actor, message: Message, files: Sequence[NewFile]) -> None:
    """Keep files apart until the virus scanner answers, and say so in the case. Nobody can open them meanwhile."""
    if not files:
        return
    with transaction.atomic():
        for one in files:
            HeldFile.objects.get_or_create(
                message=message,
                name=one.name[:255],
                sha256=hashlib.sha256(one.data).hexdigest(),
                defaults={"content_type": one.content_type[:150], "data": one.data},
            )
        record(
            actor=actor,
            chain=f"complaint:{message.complaint_id}",
            kind="files_held",
            data={"message": message.pk, "files": len(files)},
        )
        _note(message, lambda: _("The virus scanner cannot be reached. These files came along and wait for it:"), files)


def scan_held_files() -> int:
    """Decide about files that wait, oldest first; how many were decided. Stops when the scanner is still away."""
    decided = 0
    for number in HeldFile.objects.filter(state=HeldState.HELD).order_by("id").values_list("pk", flat=True)[:BATCH]:
        try:
            decided += decide_held_file(held_id=number)
        except clamd.ScannerAwayError as trouble:
            log.warning("scanner_away", reason=str(trouble))
            break
    return decided


def decide_held_file(*, held_id: int) -> bool:
    """Put a held file into its case, or throw it away; True when this call did. Without a scanner it is taken as it is.

    Raises:
        ScannerAwayError: not now.
    """
    waiting = HeldFile.objects.filter(pk=held_id, state=HeldState.HELD).first()
    if waiting is None or waiting.data is None:
        return False
    scanner, data = clamd.configured(), bytes(waiting.data)
    verdict = clamd.Verdict() if scanner is None else scanner.scan(data)
    harmful = bool(verdict.found) or verdict.too_large
    with transaction.atomic():
        state = HeldState.REFUSED if harmful else HeldState.RELEASED
        if not HeldFile.objects.filter(pk=held_id, state=HeldState.HELD).update(state=state, data=None):
            return False
        message = waiting.message
        file = NewFile(name=waiting.name, content_type=waiting.content_type, data=data)
        if harmful:
            _note(message, lambda: _("The virus scanner refused a file of the customer's; it is not kept:"), [file])
        else:
            _release(message, file)
        record(
            actor=SYSTEM,
            chain=f"complaint:{message.complaint_id}",
            kind=f"held_file_{state}",
            data={"message": message.pk, "sha256": waiting.sha256},
        )
    return True


def _release(message: Message, file: NewFile) -> None:
    receive_message(
        actor=SYSTEM,
        complaint_id=message.complaint_id,
        channel=message.channel,
        text="",
        subject=file.name,
        from_name=message.from_name,
        from_address=message.from_address,
        files=[file],
    )


def _note(message: Message, words: Callable[[], str], files: Sequence[NewFile]) -> None:
    unit_id = Complaint.objects.values_list("unit_id", flat=True).get(pk=message.complaint_id)
    with translation.override(unit_settings(unit_id).language):
        said = words()
    names = "\n".join(f"– {one.name}" for one in files)
    add_note(actor=SYSTEM, complaint_id=message.complaint_id, text=f"{said}\n{names}")
