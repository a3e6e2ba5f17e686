"""The end of a person's text that is not their message: signatures, notes of devices, legal notes, lists' footers.

Closing formulas ("Kind regards, Petra") belong to the letter and stay, unless contact data below them shows that the
block is a signature. Looks at the last lines only, with bounded patterns.
"""

import re

from amends.intake.channels.email import words

LONGEST_LINE = 400
LONGEST_NOTE = 300
MAX_SIGNATURE_LINES = 12
MAX_STRICT_SIGNATURE_LINES = 30  # below "-- " with its space, which people do not type
MAX_SIGNATURE_CHARACTERS = 1500
MAX_FOOTER_LINES = 15
LAST_LINES = 40

STRICT_DELIMITER = re.compile(r"^-- $")
DELIMITER = re.compile(r"^\s{0,3}(?:--|—|––|-- ?|__|\+\+|==)\s*$")
RULE = re.compile(
    r"^\s*(?:_{3,}|-{3,}|={3,}|\*{3,}|~{3,}|#{3,}|[\u2010-\u2015\u2500]{3,}|(?:([*_~=-])\s)(?:\1\s){1,30}\1)\s*$"
)
DASH_NAME = re.compile(r"^(?:--?|[/~–—])\s?[A-ZÀ-ÖØ-Þ][\w.'’-]{0,20}(?: [A-ZÀ-ÖØ-Þ][\w.'’-]{0,20}){0,3}\s*$")
LIST_ITEM = re.compile(r"^\s{0,3}[-*•]\s")
CONTACT = re.compile(
    r"https?://|www\.|\S@\S+\.\S|\+?\d[\d\s()./-]{6,}\d|"
    r"\b(?:tel|fax|phone|mobil|telefon|téléphone|teléfono|telefono|mob)\b",
    re.IGNORECASE,
)
MAX_CARD_LINES = 9
FULL_NAME = re.compile(
    r"^[*_]{0,2}[^\W\d_a-zß-ÿ][\w.'’-]{0,25}(?:,?\s(?:[^\W\d_a-zß-ÿ][\w.'’-]{0,25}|de|der|den|del|della|da|di|du|la|le|van|"
    r"von|zu|bin|al)){1,5}[*_]{0,2}$"
)
# An address or a page that is the whole line, or a number that fills it but for what kind of number it is.
REACHABLE = re.compile(
    r"^[^@]{0,20}\S@\S+\.\S+$|^.{0,25}(?:https?://|www\.)\S+$|^[^\d+(]{0,20}[+(]?\d[\d\s()./+-]{6,40}\d$"
)
DECORATION = re.compile(r"[*_<>|\s]+")
PRODUCT = (
    r"iphone|ipad|ipod|android|samsung|galaxy|outlook|huawei|xiaomi|redmi|mobil|handy|smartphone|tablet|phone|blackberry|"
    r"nokia|htc|pixel|mail\b|windows|thunderbird|laptop|device|gerät|téléphone|telefoon|telefon|móvil|cell|aol\b|yahoo|"
    r"gmail|spark\b|puhelim|kännyk|smartfon|aplikac|unterwegs|갤럭시|아이폰"
)
WORD = r"[^\s,.;:!?]{1,40}(?:\.\w{1,12})?"
EXCUSE = (
    r"(?:[.,;!]?\s{1,3}(?:-\s)?(?:so\s)?(?:please\s)?(?:excuse|forgive|pardon|sorry|apologies|bitte|typos)\b.{0,120})?"
)
PIECE = r"[^\s,;:?]"
TAIL = r"[^\s,.;:!?]{0,40}"  # "-iPhone" behind a Hebrew or Thai word, which takes no space
LINK = r"(?:\s{0,3}[<(\[]{0,2}https?://\S{1,300})?"
DEVICE = re.compile(
    rf"^[\s*_<(\[>-]{{0,6}}(?:{words.any_of('device')}{TAIL}(?:\s{{1,3}}{WORD}){{0,6}}|"
    rf"(?=.{{0,60}}(?:{PRODUCT})){words.any_of('device')}(?:\s{{1,3}}{WORD}){{7,10}}|"
    rf"{words.any_of('device')}(?:\s{{1,3}}{WORD}){{1,6}},(?:\s{{1,3}}{WORD}){{0,4}}\s(?:smartphone|phone|device|tablet)|"
    rf"(?=.{{0,60}}(?:{PRODUCT})){words.any_of('device_named')}(?:\s{{1,3}}{WORD}){{1,7}}|"
    rf"(?=.{{0,60}}(?:{PRODUCT}))(?:{PIECE}{{1,40}}\s{{1,3}}){{0,6}}{PIECE}{{0,40}}?{words.any_of('device_ends')}|"
    r"\w{2,20} from mobile|via mobile|(?:从|從|来自|發自|发自)我的.{1,30})"
    rf"{LINK}[\s.!*_>)\]]{{0,6}}{LINK}{EXCUSE}[\s.!*_>)\]]{{0,6}}$",
    re.IGNORECASE,
)
CLOSING = re.compile(
    rf"^[\s*_]{{0,4}}{words.any_of('closing')}[\s,.!*_…-]{{0,6}}(?P<name>[^,.!?]{{0,40}})$", re.IGNORECASE
)
DISCLAIMER = re.compile(rf"^[\s*_(\[>-]{{0,6}}{words.any_of('disclaimer')}", re.IGNORECASE)
# "This message" opens a customer's paragraph too; a notice has one of these words as well.
LONGEST_NOTICE = 2000
LEGAL = re.compile(
    r"confiden|vertraulich|vertrouwelijk|riservat|privileg|recipient|addressee|intended|destinat|empfänger|adressat|ontvanger|geadresseerde|"
    r"mottagar|modtager|odbior|adresat|получател|vir(?:us|en)|avast|scanned|unsubscribe|subscribed|abmelden|receiving this|in error|irrtüm|"
    r"par erreur|por error|per errore|environment|umwelt|ausgedruckt|disclaimer|legal|registered|privacy|gdpr|d\.\s?lgs",
    re.IGNORECASE,
)

# "CAUTION: This email originated from outside of the organization. Do not click links…", as gateways write it above
# incoming mail: a warning word, and a word each for "outside", for what is warned of, and for a mail.
LONGEST_BANNER = 700
BANNER = re.compile(
    rf"^[\s*_({{#!⚠\ufe0f|-]{{0,12}}(?=.{{0,400}}?{words.any_of('outside')})(?=.{{0,600}}?{words.any_of('warned')})"
    rf"(?=.{{0,600}}?{words.any_of('letter')})(?:\[extern[^\]]{{0,30}}\]|\[?{words.any_of('banner')})",
    re.IGNORECASE,
)


# Addresses behind the words of such a note: "Sent from [Mail](https://…) for Windows".
LINKED = re.compile(r"\]\(https?://[^)\s]{1,300}\)|\s?<https?://[^>\s]{1,300}>|\[(?=\w)")


def is_device_note(line: str) -> bool:
    """Whether a line is what a program writes below every mail: "Sent from my phone" in any language."""
    note = LINKED.sub("", line[: 2 * LONGEST_LINE])
    return len(note) <= LONGEST_NOTE and DEVICE.match(note) is not None


def without_signature(lines: list[str]) -> list[str]:
    """The lines without what stands below the message; never without the last written line above it."""
    framed = _delimiter(lines)
    if framed < len(lines) and _written(lines[:framed]):
        lines = lines[:framed]
    lines = without_last_lines(lines)
    for cut in (_disclaimer, _delimiter, _contact_block, _visiting_card, _delimiter):
        at = cut(lines)
        if at < len(lines) and _written(lines[:at]):
            lines = without_last_lines(lines[:at])
    return lines


def without_first_lines(lines: list[str]) -> list[str]:
    """The lines without what programs put above the message: a device's note, a mail gateway's warning banner.

    Only whole first paragraphs, and only when something is written below.
    """
    for _paragraph in range(2):
        start = next((index for index, line in enumerate(lines) if line.strip()), len(lines))
        end = next((index for index in range(start, len(lines)) if not lines[index].strip()), len(lines))
        paragraph = " ".join(line.strip() for line in lines[start:end])
        noted = end - start == 1 and is_device_note(paragraph)
        if not (noted or BANNER.match(paragraph[:LONGEST_BANNER])) or not _written(lines[end:]):
            break
        lines = lines[end:]
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
    """A rule above a few short lines with an address, number, link or device's note: contact data, a list's footer."""
    short = all(len(line) <= 120 for line in rest)
    telling = any(CONTACT.search(line[:LONGEST_LINE]) or is_device_note(line) for line in rest)
    return 0 < len(rest) <= MAX_FOOTER_LINES and short and telling


def _disclaimer(lines: list[str]) -> int:
    """The first of the last lines that opens a legal note or a scanner's footer after an empty line or a rule."""
    for index in range(max(1, _last_written(lines, LAST_LINES)), len(lines)):
        above = lines[index - 1]
        opens = (not above.strip() or RULE.match(above)) and DISCLAIMER.match(lines[index][:LONGEST_LINE])
        if opens and LEGAL.search(" ".join(lines[index : index + 8])[:LONGEST_NOTICE]):
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


def _visiting_card(lines: list[str]) -> int:
    """A paragraph at the very end that is a name and ways to reach it: at least two of them, no sentence.

    What was asked for ("My address is:") belongs to the letter and stays.
    """
    start = max(1, _last_written(lines, MAX_CARD_LINES))
    for index in range(start, len(lines)):
        if lines[index - 1].strip() or not lines[index].strip() or _line_above(lines, index).rstrip().endswith(":"):
            continue
        card = [line.strip() for line in lines[index:] if line.strip()]
        reachable = sum(
            REACHABLE.search(DECORATION.sub(" ", line[:LONGEST_LINE]).strip()) is not None for line in card[1:]
        )
        if (
            reachable >= 2
            and FULL_NAME.match(card[0].split("|")[0].strip())
            and all(_on_a_card(line) for line in card[1:])
        ):
            return index
    return len(lines)


def _on_a_card(line: str) -> bool:
    return len(line) <= 80 and len(line.split()) <= 9 and not line.endswith((".", "?", "!", ":"))


def _names_somebody(line: str) -> bool:
    parts = line.split()
    return 0 < len(parts) <= 5 and not re.search(r"\d|[?!:]", line) and parts[0][:1].isupper()


def _contact_like(line: str) -> bool:
    return len(line) <= 100 and len(line.split()) <= 12 and not line.endswith("?")


def without_last_lines(lines: list[str]) -> list[str]:
    """Drop rules, "Sent from my phone" and "-Name" at the very end."""
    last = len(lines)
    first_written = next((index for index, line in enumerate(lines) if line.strip()), last)
    while last > 1:
        line = lines[last - 1]
        above = first_written < last - 1
        named = DASH_NAME.match(line) and not _item_of_a_list(lines, last - 1)
        if not line.strip() or RULE.match(line) or (above and (is_device_note(line) or named)):
            last -= 1
            continue
        break
    return lines[:last]


def _item_of_a_list(lines: list[str], index: int) -> bool:
    """Whether "- Petra" goes on a list; "-Petra" below an empty line does not."""
    if not LIST_ITEM.match(_line_above(lines, index)):
        return False
    return LIST_ITEM.match(lines[index]) is not None or bool(lines[index - 1].strip())


def _line_above(lines: list[str], index: int) -> str:
    return next((line for line in reversed(lines[max(0, index - 5) : index]) if line.strip()), "")
