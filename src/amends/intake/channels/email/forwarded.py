"""The message that somebody forwards: its author, date, subject and words, so that the author can be offered as the
person who complains. Attached whole (message/rfc822) or copied into the text below a title or header block.
"""

import re

from amends.intake.channels.email import dates, headers, reply_text, words
from amends.intake.channels.email.model import Address, Original

MAX_TITLE_LINES = 4000


def inline(text: str, *, announced: bool) -> Original | None:
    """The message copied into `text`; `announced` says that the subject calls the mail a forwarded one."""
    lines = text.translate(reply_text.MARKS).split("\n")[:MAX_TITLE_LINES]
    for index, line in enumerate(lines):
        if words.FORWARD.match(line[:400]):
            found = _read_block(_unquoted(lines[index + 1 :]))
            if found is not None:
                return found
        elif announced and (words.SEPARATOR.match(line[:400]) or reply_text.header_block(lines, index)):
            after = index if reply_text.header_block(lines, index) else index + 1
            return _read_block(_unquoted(lines[after:]))
    return None


def _unquoted(lines: list[str]) -> list[str]:
    """Without one level of "> ", when the forwarded message is marked like a quotation."""
    start = reply_text.next_written(lines, 0)
    if start < len(lines) and lines[start].lstrip().startswith(">"):
        return [re.sub(r"^\s{0,3}> ?", "", line) for line in lines[start:]]
    return lines[start:]


def _read_block(lines: list[str]) -> Original | None:
    length = reply_text.header_block(lines, 0)
    if not length:
        return None
    fields: dict[str, str] = {}
    last = ""
    for line in lines[:length]:
        match = words.HEADER_LINE.match(line[: reply_text.LONGEST_BLOCK_LINE])
        if match:
            kinds = words.header_kinds()[re.sub(r"\s+", " ", match["name"].lower())]
            last = next(
                (kind for kind in ("sender", "sent", "subject", "to", "other") if kind in kinds and kind not in fields),
                "other",
            )
            fields.setdefault(last, match["value"].strip(" \t*_"))
        elif last and line.strip():
            fields[last] += " " + line.strip()
    author = _person(fields.get("sender", ""))
    if author is None:
        return None
    return Original(
        from_=author,
        to=headers.addresses(_plain(fields.get("to", "")), [], "To")[:50],
        date=dates.moment(fields.get("sent", "")),
        subject=fields.get("subject", "")[:2000],
        message_id=None,
        text=reply_text.reply_text("\n".join(lines[length:]).strip("\n")),
        attached=False,
    )


def _plain(value: str) -> bytes:
    value = re.sub(r"\[mailto:([^\]\s]{3,300})\]", r"<\1>", value)
    value = re.sub(r"<mailto:([^>\s]{3,300})>", r"<\1>", value)
    # Outlook and Apple write the address twice: "a@b.example<mailto:a@b.example>" or "<a@b.example <a@b.example>>".
    return re.sub(r"(\S+@\S+?)\s?<\1>", r"\1", value).encode("utf-8", "replace")


def _person(value: str) -> Address | None:
    found = headers.addresses(_plain(value), [], "From")
    if found:
        return found[0]
    return Address(value[:300], "") if value.strip() else None
