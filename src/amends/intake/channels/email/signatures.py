"""The end of a person's text that is not their message: signatures, notes of devices, legal notes, lists' footers.

Closing formulas ("Kind regards, Petra") belong to the letter and stay, unless contact data below them shows that the
block is a signature. Looks at the last lines only, with bounded patterns.
"""

import re

from amends.intake.channels.email import words

LONGEST_LINE = 400
MAX_SIGNATURE_LINES = 12
MAX_STRICT_SIGNATURE_LINES = 30  # below "-- " with its space, which people do not type
MAX_SIGNATURE_CHARACTERS = 1500
MAX_FOOTER_LINES = 15
LAST_LINES = 40

STRICT_DELIMITER = re.compile(r"^-- $")
DELIMITER = re.compile(r"^\s{0,3}(?:--|—|––|-- ?|__|\+\+|==)\s*$")
RULE = re.compile(r"^\s*(?:_{3,}|-{3,}|={3,}|\*{3,}|~{3,}|#{3,}|[\u2010-\u2015\u2500]{3,})\s*$")
DASH_NAME = re.compile(r"^[-/~–—]\s?[A-ZÀ-ÖØ-Þ][\w.'’-]{0,20}(?: [A-ZÀ-ÖØ-Þ][\w.'’-]{0,20}){0,3}\s*$")
LIST_ITEM = re.compile(r"^\s{0,3}[-*•]\s")
CONTACT = re.compile(
    r"https?://|www\.|\S@\S+\.\S|\+?\d[\d\s()./-]{6,}\d|"
    r"\b(?:tel|fax|phone|mobil|telefon|téléphone|teléfono|telefono|mob)\b",
    re.IGNORECASE,
)
PRODUCT = (
    r"iphone|ipad|ipod|android|samsung|galaxy|outlook|huawei|xiaomi|redmi|mobil|handy|smartphone|tablet|phone|blackberry|"
    r"nokia|htc|pixel|mail\b|windows|thunderbird|laptop|device|gerät|téléphone|telefoon|telefon|móvil|cell"
)
WORD = r"[^\s,.;:!?]{1,40}(?:\.\w{1,12})?"
EXCUSE = (
    r"(?:[.,;!]?\s{1,3}(?:-\s)?(?:so\s)?(?:please\s)?(?:excuse|forgive|pardon|sorry|apologies|bitte|typos)\b.{0,120})?"
)
LINK = r"(?:\s{0,3}[<(\[]{0,2}https?://\S{1,300})?"
DEVICE = re.compile(
    rf"^[\s*_<(\[>-]{{0,6}}(?:{words.any_of('device')}(?:\s{{1,3}}{WORD}){{0,6}}|"
    rf"(?=.{{0,60}}(?:{PRODUCT})){words.any_of('device')}(?:\s{{1,3}}{WORD}){{7,10}}|"
    rf"{words.any_of('device')}(?:\s{{1,3}}{WORD}){{1,6}},(?:\s{{1,3}}{WORD}){{0,4}}\s(?:smartphone|phone|device|tablet)|"
    rf"(?=.{{0,60}}(?:{PRODUCT})){words.any_of('device_named')}(?:\s{{1,3}}{WORD}){{1,7}}|"
    rf"(?=.{{0,60}}(?:{PRODUCT}))(?:{WORD}\s{{0,3}}){{1,6}}{words.any_of('device_ends')}|"
    r"\w{2,20} from mobile|via mobile|(?:从|從|来自|發自|发自)我的.{1,30})"
    rf"{LINK}[\s.!*_>)\]]{{0,6}}{LINK}{EXCUSE}[\s.!*_>)\]]{{0,6}}$",
    re.IGNORECASE,
)
CLOSING = re.compile(
    rf"^[\s*_]{{0,4}}{words.any_of('closing')}[\s,.!*_…-]{{0,6}}(?P<name>[^,.!?]{{0,40}})$", re.IGNORECASE
)
DISCLAIMER = re.compile(rf"^[\s*_(\[>-]{{0,6}}{words.any_of('disclaimer')}", re.IGNORECASE)


# Addresses behind the words of such a note: "Sent from [Mail](https://…) for Windows".
LINKED = re.compile(r"\]\(https?://[^)\s]{1,300}\)|\s?<https?://[^>\s]{1,300}>|\[(?=\w)")


def is_device_note(line: str) -> bool:
    """Whether a line is what a program writes below every mail: "Sent from my phone" in any language."""
    return DEVICE.match(LINKED.sub("", line[: 2 * LONGEST_LINE])[:LONGEST_LINE]) is not None


def without_signature(lines: list[str]) -> list[str]:
    """The lines without what stands below the message; never without the last written line above it."""
    lines = without_last_lines(lines)
    for cut in (_disclaimer, _delimiter, _contact_block, _delimiter):
        at = cut(lines)
        if at < len(lines) and _written(lines[:at]):
            lines = without_last_lines(lines[:at])
    return lines


def _written(lines: list[str]) -> bool:
    return any(line.strip() for line in lines)


def _last_written(lines: list[str], most: int) -> int:
    """Where the last `most` written lines begin."""
    seen = 0
    for index in range(len(lines) - 1, -1, -1):
        seen += bool(lines[index].strip())
        if seen > most:
            return index + 1
    return 0


def _delimiter(lines: list[str]) -> int:
    """The earliest delimiter that has only a signature or footer below it."""
    for index in range(max(1, _last_written(lines, MAX_STRICT_SIGNATURE_LINES + 1)), len(lines)):
        line = lines[index]
        rest = [after for after in lines[index + 1 :] if after.strip()]
        strict = STRICT_DELIMITER.match(line) is not None and len(rest) <= MAX_STRICT_SIGNATURE_LINES
        if strict or (DELIMITER.match(line) and _is_signature(rest)) or (RULE.match(line) and _is_footer(rest)):
            return index
    return len(lines)


def _is_signature(rest: list[str]) -> bool:
    """A signature is short; two dashes above pages of text are only two dashes."""
    return len(rest) <= MAX_SIGNATURE_LINES and sum(len(line) for line in rest) <= MAX_SIGNATURE_CHARACTERS


def _is_footer(rest: list[str]) -> bool:
    """A rule above a few short lines with an address, number or link: contact data or a list's footer."""
    short = all(len(line) <= 120 for line in rest)
    return 0 < len(rest) <= MAX_FOOTER_LINES and short and any(CONTACT.search(line[:LONGEST_LINE]) for line in rest)


def _disclaimer(lines: list[str]) -> int:
    """The first of the last lines that opens a legal note or a scanner's footer after an empty line or a rule."""
    for index in range(max(1, _last_written(lines, LAST_LINES)), len(lines)):
        above = lines[index - 1]
        if (not above.strip() or RULE.match(above)) and DISCLAIMER.match(lines[index][:LONGEST_LINE]):
            return index
    return len(lines)


def _contact_block(lines: list[str]) -> int:
    """A closing formula with a name and contact data below it, and nothing that reads like a sentence."""
    for index in range(max(1, _last_written(lines, MAX_SIGNATURE_LINES)), len(lines)):
        closing = CLOSING.match(lines[index][:LONGEST_LINE])
        if closing is None:
            continue
        below = [line.strip() for line in lines[index + 1 :] if line.strip()]
        block = [closing["name"].strip(), *below] if closing["name"].strip() else below
        if len(block) >= 2 and _names_somebody(block[0]) and all(_contact_like(line) for line in block[1:]) and any(
            CONTACT.search(line[:LONGEST_LINE]) for line in block[1:]
        ):  # fmt: skip
            return index
    return len(lines)


def _names_somebody(line: str) -> bool:
    parts = line.split()
    return 0 < len(parts) <= 5 and not re.search(r"\d|[?!:]", line) and parts[0][:1].isupper()


def _contact_like(line: str) -> bool:
    return len(line) <= 100 and len(line.split()) <= 12 and not line.endswith("?")


def without_last_lines(lines: list[str]) -> list[str]:
    """Drop rules, "Sent from my phone" and "-Name" at the very end."""
    last = len(lines)
    while last > 1:
        line = lines[last - 1]
        above = _written(lines[: last - 1]) if line.strip() else True
        named = DASH_NAME.match(line) and not LIST_ITEM.match(_line_above(lines, last - 1))
        if not line.strip() or RULE.match(line) or (above and (is_device_note(line) or named)):
            last -= 1
            continue
        break
    return lines[:last]


def _line_above(lines: list[str], index: int) -> str:
    return next((line for line in reversed(lines[max(0, index - 5) : index]) if line.strip()), "")
