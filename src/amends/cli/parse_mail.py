"""`amends parse-mail`: what Amends reads in a mail, as JSON, for scripts and for anybody who wants to check it.

One object a line for each file; the fields are described in docs/reference/mail.md. Needs no running system.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from amends.intake.channels.email.model import Address, Attachment, Bounce, Original, ParsedMail
from amends.intake.channels.email.parsing import parse

SUMMARY = "read mail files: one JSON object a line for each"
WRONG_USE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    parser.add_argument("files", nargs="+", metavar="FILE", help="files with one mail each; - is standard input")


def main(arguments: argparse.Namespace) -> int:
    """Reads every file; one that cannot be read gets one sentence on stderr, and then the exit code is 2."""
    status = 0
    for file in arguments.files:
        try:
            raw = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
        except (OSError, ValueError) as unreadable:
            reason = getattr(unreadable, "strerror", None) or "no usable file name"
            print(f"{_writable(file)}: cannot be read ({reason}); name a readable file", file=sys.stderr)
            status = WRONG_USE
            continue
        line = json.dumps({"file": _writable(file), **as_json(parse(raw))}, ensure_ascii=False)
        sys.stdout.buffer.write(line.encode("utf-8", "backslashreplace") + b"\n")
        sys.stdout.buffer.flush()
    return status


def _writable(name: str) -> str:
    return name.encode("utf-8", "backslashreplace").decode()


def as_json(mail: ParsedMail) -> dict[str, Any]:
    """The mail as plain JSON values; attachments without their content."""
    return {
        "kind": mail.kind.value,
        "from": _address(mail.from_) if mail.from_ else None,
        "to": [_address(address) for address in mail.to],
        "cc": [_address(address) for address in mail.cc],
        "reply_to": [_address(address) for address in mail.reply_to],
        "subject": mail.subject,
        "date": mail.date.isoformat() if mail.date else None,
        "message_id": mail.message_id,
        "in_reply_to": mail.in_reply_to,
        "references": list(mail.references),
        "text": mail.text,
        "html": mail.html,
        "reply_text": mail.reply_text,
        "attachments": [_attachment(attachment) for attachment in mail.attachments],
        "bounce": _bounce(mail.bounce) if mail.bounce else None,
        "answerable": mail.answerable,
        "problems": list(mail.problems),
        "original": _original(mail.original) if mail.original else None,
        "protection": {"state": mail.protection.state.value, "scheme": mail.protection.scheme.value}
        if mail.protection
        else None,
    }


def _address(address: Address) -> dict[str, str]:
    return {"name": address.name, "address": address.address}


def _attachment(attachment: Attachment) -> dict[str, Any]:
    return {
        "name": attachment.name,
        "type": attachment.type,
        "bytes": attachment.size,
        "sha256": attachment.sha256,
        "content_id": attachment.content_id,
    }


def _original(original: Original) -> dict[str, Any]:
    return {
        "from": _address(original.from_) if original.from_ else None,
        "to": [_address(address) for address in original.to],
        "date": original.date.isoformat() if original.date else None,
        "subject": original.subject,
        "message_id": original.message_id,
        "text": original.text,
        "attached": original.attached,
    }


def _bounce(bounce: Bounce) -> dict[str, Any]:
    return {
        "recipient": bounce.recipient,
        "status": bounce.status,
        "type": "hard" if bounce.hard else "soft",
        "hard": bounce.hard,
        "soft": not bounce.hard,
        "message_ids": list(bounce.message_ids),
    }
