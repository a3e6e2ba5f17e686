"""When two mails are the same mail, and which case a mail says it belongs to (PURE)."""

import hashlib
import re

from amends.intake.channels.email import structure
from amends.intake.channels.email.model import ParsedMail


def fingerprint(raw: bytes, mail: ParsedMail) -> str:
    """SHA-256 in hexadecimal of what every copy of a mail shares: its identifier, sender, subject, date and body.

    Trace headers and line ends differ from copy to copy (each relay adds its own) and do not count. A Message-ID that
    a broken program uses for different mails does not make them one.
    """
    head = structure.read_headers(raw[: structure.MAX_HEADER_BYTES])
    body = raw[head.start :].replace(b"\r\n", b"\n").rstrip()
    sender = mail.from_.address.lower() if mail.from_ else ""
    date = mail.date.isoformat() if mail.date else ""
    digest = hashlib.sha256("\x1f".join((mail.message_id or "", sender, mail.subject, date)).encode())
    digest.update(b"\x1f" + body)
    return digest.hexdigest()


_REFERENCE = re.compile(r"(?<![0-9A-Za-z-])AM-\d{4}-\d{6,9}(?![0-9-])", re.IGNORECASE | re.ASCII)


def references_in(subject: str) -> list[str]:
    """References of cases in a subject line, in order. They can be guessed: only somebody who belongs to the case counts."""
    return list(dict.fromkeys(match[0].upper() for match in _REFERENCE.finditer(subject[:1000])))[:3]


def bare(message_id: str) -> str:
    """A Message-ID without its angle brackets, as the cases domain stores it."""
    return message_id.strip().strip("<>")


def answered_ids(mail: ParsedMail) -> list[str]:
    """The identifiers of the messages this one answers, the nearest first, without angle brackets."""
    chain = [mail.in_reply_to] if mail.in_reply_to else []
    return list(dict.fromkeys(bare(one) for one in (*chain, *reversed(mail.references))))[:50]


def addressees(mail: ParsedMail, envelope_to: list[str]) -> list[str]:
    """Every address the mail was sent to, the envelope first: a token may stand in any of them."""
    named = [one.address for one in (*mail.to, *mail.cc) if one.address]
    return list(dict.fromkeys((*envelope_to, *named)))[:200]
