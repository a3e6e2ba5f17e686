"""How well the mail of public sets is read: `python -m bench.mail_sets [FOLDER]` prints one JSON object.

FOLDER holds one folder for each set (by default AMENDS_SHARED_DATA/mail or ../shared/data/mail). For every set: mails
read, exceptions, kinds, and how often subject, sender, recipients and files agree with an independent reader, Python's
own `email` package, where that can read the header at all. Differences are listed by file, because the other reader
is wrong as often. For the sets of replies: how many have exactly the expected answer, compared by digest with
`mail_sets.json`, which was read off by hand after the conventions in docs/reference/mail.md.
"""

import email
import email.policy
import hashlib
import json
import os
import re
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from amends.intake.channels.email.html import to_marked_text
from amends.intake.channels.email.model import MailKind, ParsedMail
from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.reply_text import reply_text

EXPECTED = Path(__file__).with_suffix(".json")
MAILS = {".eml", ".raw"}
REPLY_SETS = ("talon", "reply_parser_github", "reply_parser_zapier")


def folder() -> Path:
    """Where the sets are."""
    if len(sys.argv) > 1:
        return Path(sys.argv[1])
    shared = os.environ.get("AMENDS_SHARED_DATA")
    return (Path(shared) if shared else Path(__file__).parents[2] / "shared" / "data") / "mail"


def digest(text: str) -> str:
    """Of the words, without regard to how lines break."""
    return hashlib.sha256(re.sub(r"\s+", " ", text).strip().encode()).hexdigest()[:16]


def plain(value: object) -> str:
    """A header value as one line."""
    return re.sub(r"\s+", " ", str(value or "")).strip()


def files_of(message: EmailMessage) -> Iterator[str]:
    """Digests of the parts that the other reader takes for files, outside attached messages."""
    for part in message.iter_parts():
        if part.get_content_type() == "message/rfc822":
            continue
        if part.is_multipart():
            yield from files_of(part)
        elif part.get_content_disposition() == "attachment" or part.get_filename():
            content = part.get_payload(decode=True)
            if isinstance(content, bytes) and content:
                yield hashlib.sha256(content).hexdigest()


def other_reading(raw: bytes) -> dict[str, Any]:
    """The same mail as the standard library reads it; a field that makes it stumble is left out."""
    message = email.message_from_bytes(raw, policy=email.policy.default)
    found: dict[str, Any] = {}
    for field in ("subject", "from", "to"):
        try:
            value = message[field]
            if value is None:
                found[field] = "" if field == "subject" else []
                continue
            addresses = getattr(value, "addresses", None)
            found[field] = (
                plain(value) if addresses is None else [one.addr_spec for one in addresses if "@" in one.addr_spec]
            )
        except Exception:  # noqa: BLE001  the other reader raises many kinds on malformed headers; that is what is counted
            continue
    try:
        found["files"] = set(files_of(message)) if isinstance(message, EmailMessage) else set()
    except Exception:  # noqa: BLE001  as above
        found.pop("files", None)
    return found


def agreements(mail: ParsedMail, other: dict[str, Any]) -> dict[str, bool]:
    """Per field: whether both readers say the same; files: whether ours has every one of theirs, byte for byte."""
    ours: dict[str, Any] = {
        "subject": plain(mail.subject),
        "from": [mail.from_.address] if mail.from_ and mail.from_.address else [],
        "to": [one.address for one in mail.to if one.address],
    }
    told = {field: ours[field] == other[field] for field in ours if field in other}
    if "from" in told and not other["from"]:
        told.pop("from")  # ours falls back to Sender and Return-Path
    if "files" in other:
        told["files"] = other["files"] <= {one.sha256 for one in mail.attachments}
    return told


def answers(name: str, root: Path) -> Iterator[tuple[str, str]]:
    """File and answer of every reply of a set."""
    for path in sorted(path for path in root.rglob("*") if path.is_file()):
        if name == "talon" and path.parent.name == "standard_replies" and path.suffix == ".eml":
            yield path.name, parse(path.read_bytes()).reply_text
        elif name == "talon" and path.suffix == ".html":
            yield path.name, reply_text(to_marked_text(path.read_text(encoding="utf-8", errors="replace")))
        elif name != "talon" and path.suffix == ".txt":
            yield path.name, reply_text(path.read_text(encoding="utf-8"))


def measure(name: str, root: Path, expected: dict[str, str]) -> dict[str, Any]:
    """Everything about one set."""
    kinds: Counter[str] = Counter()
    same: Counter[str] = Counter()
    compared: Counter[str] = Counter()
    different: list[str] = []
    failed: list[str] = []
    reports = hard = 0
    for path in sorted(path for path in root.rglob("*") if path.is_file() and path.suffix in MAILS):
        raw = path.read_bytes()
        try:
            mail = parse(raw)
        except Exception as failure:  # noqa: BLE001  an exception here is a finding
            failed.append(f"{path.name}: {type(failure).__name__}")
            continue
        kinds[mail.kind.value] += 1
        if mail.kind is MailKind.BOUNCE and mail.bounce:
            reports += 1
            hard += mail.bounce.hard
        for field, agrees in agreements(mail, other_reading(raw)).items():
            compared[field] += 1
            same[field] += agrees
            if not agrees:
                different.append(f"{path.name}: {field}")
    found: dict[str, Any] = {
        "mails": kinds.total() + len(failed),
        "exceptions": failed,
        "kinds": dict(kinds),
        "agree": {field: [same[field], compared[field]] for field in compared},
        "different": different,
    }
    if reports:
        found["hard"] = [hard, reports]
    if name in REPLY_SETS:
        found["replies"] = compare_answers(name, root, expected)
    return found


def compare_answers(name: str, root: Path, expected: dict[str, str]) -> dict[str, Any]:
    """Exact answers of all, and the files that have another."""
    wrong = [file for file, answer in answers(name, root) if digest(answer) != expected.get(f"{name}/{file}")]
    total = sum(1 for _answer in answers(name, root))
    return {"exact": total - len(wrong), "of": total, "wrong": wrong}


def main() -> None:
    """Prints the figures of every set."""
    warnings.simplefilter("ignore")  # the other reader warns about malformed headers
    expected = json.loads(EXPECTED.read_text(encoding="utf-8"))
    started = time.perf_counter()
    sets = {path.name: measure(path.name, path, expected) for path in sorted(folder().iterdir()) if path.is_dir()}
    print(json.dumps({"seconds": round(time.perf_counter() - started, 1), "sets": sets}, indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
