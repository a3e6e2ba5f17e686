"""Bytes to `ParsedMail`. Total: every input gives a mail, whatever is odd is said in `problems`."""

import re
from dataclasses import dataclass

from amends.intake.channels.email import (
    attachments,
    calendars,
    charsets,
    forwarded,
    headers,
    html,
    kind,
    protection,
    reply_text,
    rich_text,
    structure,
    tnef,
)
from amends.intake.channels.email.model import Address, Attachment, MailKind, Original, ParsedMail

MAX_TEXT = 2_000_000
MAX_PROBLEMS = 50
MAX_ENVELOPES = 3  # signed mail inside signed mail
MAX_ORIGINAL_BYTES = 10 * 1024 * 1024
NEVER_TEXT = {"text/calendar", "text/x-vcard", "text/vcard", "text/csv", "text/rfc822-headers", "text/rfc822",
              "text/x-amp-html", "text/directory", "text/rfc822-delivery-status"}  # fmt: skip


class _Body:
    """What was chosen as the text of the mail, and which parts became files."""

    def __init__(self) -> None:
        self.texts: list[str] = []
        self.htmls: list[str] = []
        self.files: list[structure.Part] = []
        self.envelopes = 0


@dataclass(slots=True)
class _Words:
    """The text of a mail: as people read it, as replies are searched in it, the HTML's version with its marks, and
    what PGP's armour around it looked like, if it had any.
    """

    text: str
    source: str
    marked: str
    armoured: str = ""


def parse(raw: bytes) -> ParsedMail:
    """Read a mail from its bytes as they came over the wire or out of a file. Never raises on any input."""
    return _parse(raw, inner=False)


def _parse(raw: bytes, *, inner: bool) -> ParsedMail:
    problems: list[str] = []
    if b"\x00" in raw:
        problems.append("NUL bytes removed")
    root = structure.read(raw, problems)
    if not root.raw_headers:
        problems.append("no header at all")
    body = _Body()
    _collect(root, body, problems)
    files = _files(body, problems)
    source = "\n<hr>\n".join(body.htmls)
    words = _words(body, source, problems)
    cleaned = html.clean_html(source) if source else None
    if source and cleaned is None:
        problems.append("HTML too large or too deeply nested to show; only its text is shown")
    return _assembled(root, words, cleaned, files, problems, inner=inner)


def _words(body: _Body, source: str, problems: list[str]) -> _Words:
    marked = html.to_marked_text(source) if source else ""
    text = _bounded("\n".join(body.texts).strip("\n").translate(reply_text.MARKS), problems)
    armoured, text = text, protection.clear_text(text)
    if text.strip():
        return _Words(text, text, marked, armoured)
    html_text = _bounded(html.tidy(html.without_marks(marked)), problems)
    if html_text.strip():
        return _Words(html_text, marked, marked)
    invitation = next((part for part in body.files if part.type == "text/calendar"), None)
    if invitation is not None:
        text = calendars.in_words(structure.content(invitation, [])) or ""
        if not text:
            problems.append("text/calendar: cannot be read, kept as a file")
    return _Words(text, text, marked)


def _files(body: _Body, problems: list[str]) -> tuple[Attachment, ...]:
    """The attachments; behind a package of Outlook stand the files that are in it."""
    found: list[Attachment] = []
    for part in body.files:
        found.append(attachments.attachment(part, len(found) + 1, problems))
        package = tnef.unpack(found[-1].data) if attachments.is_package(part) else None
        if package is None:
            continue
        if package.damaged:
            problems.append("winmail.dat is damaged; only part of it could be read")
        found += attachments.unpacked(package, len(found) + 1)
        _take_package_text(package, body)
    return tuple(found)


def _take_package_text(package: tnef.Package, body: _Body) -> None:
    if body.texts or body.htmls:
        return
    if package.html:
        body.htmls.append(charsets.decode_text(package.html, _charset_in_html(package.html))[0])
    if package.text.strip():
        body.texts.append(package.text.replace("\r\n", "\n"))
    elif package.rich and not package.html:
        body.texts.append(rich_text.to_text(rich_text.decompress(package.rich)))


def _assembled(
    root: structure.Part,
    words: _Words,
    cleaned: str | None,
    files: tuple[Attachment, ...],
    problems: list[str],
    *,
    inner: bool,
) -> ParsedMail:
    parts = list(root.walk())
    subject = _subject(root, problems)
    sender = _sender(root, problems)
    mail_kind, bounce = kind.classify(root, parts, sender, subject, words.text)
    raw_date = root.header("date")
    raw_id = root.header("message-id")
    answered = tuple(found for raw in root.all_headers("in-reply-to") for found in headers.identifiers(raw))
    references = tuple(found for raw in root.all_headers("references") for found in headers.identifiers(raw))
    identifier = headers.message_id(raw_id) if raw_id is not None else None
    if identifier is None:
        problems.append("no Message-ID")
    guarded = None if inner else protection.of_mail(parts, words.armoured)
    return ParsedMail(
        kind=mail_kind,
        from_=sender,
        to=_list_of(root, "to", problems),
        cc=_list_of(root, "cc", problems),
        reply_to=_list_of(root, "reply-to", problems),
        subject=subject,
        date=headers.date(raw_date, problems) if raw_date is not None else None,
        message_id=identifier,
        in_reply_to=answered[0] if answered else None,
        references=tuple(dict.fromkeys((*references, *answered[1:]))),
        text=words.text,
        html=cleaned,
        reply_text=_reply(mail_kind, subject, words, answering=bool(answered or references)),
        attachments=files,
        bounce=bounce,
        answerable=kind.answerable(root, mail_kind),
        problems=tuple(dict.fromkeys(problems))[:MAX_PROBLEMS],
        original=None if inner else _original(mail_kind, subject, words.text, files),
        protection=guarded,
    )


def _original(mail_kind: MailKind, subject: str, text: str, files: tuple[Attachment, ...]) -> Original | None:
    """The message that a person forwards; reports return messages too, but forward none."""
    if mail_kind in {MailKind.BOUNCE, MailKind.DELIVERY_NOTICE}:
        return None
    attached = next((one for one in files if one.type == "message/rfc822" and one.size <= MAX_ORIGINAL_BYTES), None)
    if attached is None:
        return forwarded.inline(text, announced=reply_text.FORWARD_SUBJECT.match(subject) is not None)
    mail = _parse(attached.data, inner=True)
    return Original(
        from_=mail.from_,
        to=mail.to,
        date=mail.date,
        subject=mail.subject,
        message_id=mail.message_id,
        text=mail.reply_text,
        attached=True,
    )


def _reply(mail_kind: MailKind, subject: str, words: _Words, *, answering: bool) -> str:
    """What was written this time."""
    if mail_kind in {MailKind.BOUNCE, MailKind.DELIVERY_NOTICE}:
        return words.text.strip()
    forwarded_too = reply_text.FORWARD_SUBJECT.match(subject) is not None
    answering = answering or reply_text.ANSWER_SUBJECT.match(subject) is not None
    found = reply_text.reply_text(words.source, forwarded=forwarded_too, answering=answering)
    if not words.marked or words.source is words.marked:
        return found
    # The plain version of some mailers loses the quotation marks that their HTML still has; then its beginning that
    # the HTML confirms is kept, in its own lines.
    other = reply_text.reply_text(words.marked, forwarded=forwarded_too, answering=answering)
    return reply_text.common_beginning(found, other)


def _bounded(text: str, problems: list[str]) -> str:
    if len(text) > MAX_TEXT:
        problems.append(f"text longer than {MAX_TEXT} characters, cut for reading")
    return text[:MAX_TEXT]


def _subject(root: structure.Part, problems: list[str]) -> str:
    raw = root.header("subject")
    return "" if raw is None else headers.decode_header(raw, problems, "Subject", _charset_of_body(root))[:2000]


def _charset_of_body(root: structure.Part) -> str | None:
    """The first character set that a text part declares."""
    return next((part.parameters["charset"] for part in root.walk() if part.parameters.get("charset")), None)


def _sender(root: structure.Part, problems: list[str]) -> Address | None:
    """From; when it is missing or has no address, the next best header that names one."""
    first: Address | None = None
    for name in ("from", "sender", "reply-to", "return-path", "x-original-from"):
        for raw in root.all_headers(name):
            noted: list[str] = []
            found = headers.addresses(raw, noted, name.title())
            if name == "from":
                problems.extend(noted)
            usable = next((address for address in found if address.address), None)
            if usable is not None:
                if name != "from":
                    problems.append(f"no address in From, taken from {name.title()}")
                return Address(first.name, usable.address) if first and first.name and not usable.name else usable
            first = first or (found[0] if found else None)
    problems.append("no sender")
    return first


def _list_of(root: structure.Part, name: str, problems: list[str]) -> tuple[Address, ...]:
    found = [address for raw in root.all_headers(name) for address in headers.addresses(raw, problems, name.title())]
    return tuple(found)[: headers.MAX_ADDRESSES]


def _collect(root: structure.Part, body: _Body, problems: list[str]) -> None:
    """Choose the parts that are the message and those that are files. Iterative: depth is bounded by the reader."""
    stack: list[tuple[structure.Part, str]] = [(root, "")]
    while stack:
        part, parent = stack.pop()
        if part.multipart:
            stack.extend((child, part.type) for child in reversed(part.children))
        elif _is_text(part, parent):
            _take_text(part, parent, body, problems)
        elif part is not root or part.end > part.start:
            body.files.append(part)
            signed = protection.signed_content(part) if body.envelopes < MAX_ENVELOPES else None
            if signed is not None:
                body.envelopes += 1
                stack.append((structure.read(signed, problems), ""))


def _is_text(part: structure.Part, parent: str) -> bool:
    if part.disposition == "attachment" or part.type in NEVER_TEXT:
        return False
    if not part.type.startswith("text/"):
        return False
    named = bool(part.disposition_parameters.get("filename") or part.parameters.get("name"))
    if part.type in {"text/plain", "text/html"}:
        return not named or parent == "multipart/alternative" or not parent
    return not named and parent in {"", "multipart/alternative"}


def _take_text(part: structure.Part, parent: str, body: _Body, problems: list[str]) -> None:
    data = structure.content(part, problems)
    declared = part.parameters.get("charset")
    if part.type == "text/plain" and b"begin " in data:
        data, files = structure.uuencoded_files(data)
        body.files += files
    is_html = part.type == "text/html" or (not part.declared and _looks_like_html(data))
    if is_html and not declared:
        declared = _charset_in_html(data)
    text, problem = charsets.decode_text(data[: 4 * MAX_TEXT], declared)
    if len(data) > 4 * MAX_TEXT:
        problems.append(f"a text part larger than {4 * MAX_TEXT} bytes, cut for reading")
    if problem and (declared or part.type != "text/html"):
        problems.append(f"{part.type}: {problem}")
    if not text.strip():
        return
    if is_html:
        body.htmls.append(text)
        if parent != "multipart/alternative" and body.texts:
            body.texts.append(html.to_text(text))
        return
    if part.parameters.get("format", "").lower() == "flowed":
        text = unflow(text, delete_space=part.parameters.get("delsp", "").lower() == "yes")
    if part.type == "text/enriched":
        text = re.sub(r"<[^<>]{0,100}>", "", text)
    if body.htmls and not body.texts and parent != "multipart/alternative":
        body.texts.append(html.to_text("\n<hr>\n".join(body.htmls)))
    body.texts.append(text)


def _looks_like_html(data: bytes) -> bool:
    return re.match(rb"\s*(?:<!doctype html|<html|<body|<head)\b", data[:2000], re.IGNORECASE) is not None


def _charset_in_html(data: bytes) -> str | None:
    match = re.search(rb"<meta[^<>]{0,200}charset\s*=\s*[\"']?([A-Za-z0-9_:.-]{2,40})", data[:4096], re.IGNORECASE)
    return match[1].decode("ascii") if match else None


def unflow(text: str, *, delete_space: bool) -> str:
    """Undo format=flowed (RFC 3676): lines that end with a space go on in the next, within one quote depth."""
    result: list[str] = []
    depth_before = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        if result and depth == depth_before and result[-1].endswith(" ") and not result[-1].endswith("-- "):
            result[-1] = (result[-1][:-1] if delete_space else result[-1]) + words
        else:
            result.append((">" * depth + " " if depth else "") + words)
        depth_before = depth
    return "\n".join(result)
