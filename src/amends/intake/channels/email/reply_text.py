"""What the person wrote this time: without the quoted message, without the signature.

Works on lines, forwards only, with bounded patterns. When in doubt it keeps: a line too many is read by an agent, a
line too few is a complaint that nobody hears. If nothing would remain, the whole text is returned. What counts as
signature is in `signatures`, the words of the mail programs are in `words.toml`.
"""

import re

from amends.intake.channels.email import signatures, words
from amends.intake.channels.email.words import ATTRIBUTION_ENDS, ATTRIBUTION_OPENS, FORWARD, SEPARATOR

MAX_READ_LINES = 3000  # beyond them only marked quotations are left out; no person's answer is that long
LONGEST_LINE = 400  # for patterns; longer lines are prose or data, never a separator
LONGEST_BLOCK_LINE = 2000  # a header block that was flattened into one line

# Marks of the HTML reader: from here on an answered message follows; this line names who wrote the quotation below it;
# this line is part of a signature. They are private characters, which never stand in a text of ours.
CUT = "\ue0f1"
ATTRIBUTED = "\ue0f2"
SIGNED = "\ue0f3"
MARKS = str.maketrans("", "", CUT + ATTRIBUTED + SIGNED)
# Marks of writing direction, which programs put around names and addresses in Hebrew and Arabic.
DIRECTIONS = dict.fromkeys((0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)))

# A date, a name and an address with a colon, no verb: "Thu, 26 Jun 2014 14:00 +0400 от Name <a@b.example>:"
BARE_ATTRIBUTION = re.compile(
    r"(?=.{0,200}(?:\d{1,2}[:.]\d{2}|\d{4}))[^>]{6,250}[<\"(]\s?[^\s<>]{1,100}@[^\s<>]{1,100}\s?[>\")]+\s*:\s*$"
)
# An address in brackets beside a time and a date above a colon: a program wrote that, in whatever language.
BRACKETED = re.compile(r"[<(]\s?[^\s<>()]{1,100}@[^\s<>()]{1,100}\s?[>)]")
NUMBERS = re.compile(r"(?:\d{1,4}\D{1,24}){3}\d")
# The same without the colon, which only counts above quoted lines: "2013/10/2 Name <a@b.example>"
DATED_ADDRESS = re.compile(r"^(?=.{0,80}\d{4}).{6,250}<\s?[^\s<>]{1,100}@[^\s<>]{1,100}>$")
# Somebody's words and the attribution on one line: "Yes. On Wed, 4 Apr 2012 at 3:59 PM, a@b.example wrote:"
SAME_LINE = re.compile(
    r"(?<=\S)\s{0,3}-{0,4}\s{0,3}\b(?=On\s(?:[A-Z][a-z]{2,8},?\s|\d{1,2}[./ ])[^\n]{6,200}\bwrote:\s{0,3}$)"
)
# Attributions whose verb, if any, stands first: "Quoting Name <a@b.example>:"
QUOTING = re.compile(
    r"^\s*[>*]?\s?(?:quoting|zitat von|citando(?: a)?|citát|citação de|citat från|wiadomość napisana przez|citát od)\s[^@]{0,120}\S@\S"
    r"[^\n]{0,150}:\s{0,3}$",
    re.IGNORECASE,
)
# "---- Name wrote ----"
DASHED_ATTRIBUTION = re.compile(rf"^\s{{0,20}}>?\s?[-\u2010-\u2015]{{2,40}}(?![-\u2010-\u2015])\s?.{{2,150}}{words.any_of('wrote')}\s?:?\s?"
                                r"[-\u2010-\u2015]{2,40}\s*$",
                                re.IGNORECASE)  # fmt: skip
VERB_LAST = re.compile(words.any_of("wrote") + r"\s*$", re.IGNORECASE)
RULE = re.compile(r"^\s*(?:_{5,}|-{5,}|={5,}|\*{5,}|[\u2010-\u2015\u2500]{5,})\s*$")
MARKER = re.compile(
    r"(?:reply above this line|type your reply above|reply above the line|write (?:your )?(?:reply|answer) above|"
    r"antworten sie (?:bitte )?(?:oberhalb|über) dieser (?:zeile|linie)|bitte (?:antworten sie )?oberhalb dieser (?:zeile|linie)|"
    r"antwort(?:en)? oberhalb dieser (?:zeile|linie)|répondre au-dessus de cette ligne|répondez au-dessus de cette ligne|"
    r"responda? (?:por )?encima de esta línea|rispondi sopra questa (?:riga|linea)|antwoord boven deze (?:regel|lijn)|"
    r"responda acima desta linha|svara ovanför denna rad)",
    re.IGNORECASE,
)
# A title of GroupWise, with who and when between three arrows on each side
CHEVRONS = re.compile(r"^\s{0,3}>{2,3}\s(?=.{0,200}\d{1,2}[:.]\d{2})[^>]{2,200}(?:<[^>]{3,200}>[^>]{0,60})?>{2,3}\s*$")
QUOTED = re.compile(r"^\s{0,3}(?:>(?!.{0,200}<<\s*$)|&gt;|\u00bb\s|\u203a\s|[A-Z]{1,3}>(?:\s|$))|^#reply#")
CITED_FIELD = re.compile(r"\S@\S|\[mailto:", re.IGNORECASE)

PERSONAL = re.compile(
    r"\b(?:i|me|my|we|us|our|your|you said|ich|mir|mich|mein\w{0,2}|wir|uns|unser\w{0,2}|ihr\w{0,2}|eu(?:er|re)|je|m[’']a|nous|votre|vos|"
    r"yo|nos|vuestro|io|mio|vostro|suo|ik|mij|mijn|uw|jullie)\b",
    re.IGNORECASE,
)
ANSWER_SUBJECT = re.compile(
    r"^\W{0,3}(?:re|aw|antw|sv|odp|rif|r|ref|res|ynt|vá|回复|答复|回覆|返信|답장|απ|на|отв|vs)\s?(?:\[\d{1,2}\])?\s?[:：]",
    re.IGNORECASE,
)
FORWARD_SUBJECT = re.compile(
    r"^\W{0,3}(?:fwd?|wg|tr|rv|i|enc|doorst|vb|vl|pd|továbbítás|fs|転送|转发|轉寄|전달|ileti|yml|πρθ|пересл)\s?"
    r"(?:\[\d{1,2}\])?\s?[:：]",
    re.IGNORECASE,
)


class _Kept:
    """The lines that stay; what is left out between them leaves one empty line."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._after_gap = False

    def add(self, line: str) -> None:
        if self._after_gap and not line.strip():
            return
        self._after_gap = False
        self.lines.append(line)

    def gap(self) -> None:
        if self._after_gap:
            return
        while self.lines and not self.lines[-1].strip():
            self.lines.pop()
        if self.lines:
            self.lines.append("")
        self._after_gap = True

    @property
    def written(self) -> bool:
        return any(line.strip() for line in self.lines)


def reply_text(text: str, *, forwarded: bool = False, answering: bool = True) -> str:
    """The new part of a message; the whole text when nothing else would be left.

    `forwarded` says that the subject announces a forwarded message: then what follows a header block is no answered
    message but the thing the person wants to show, and stays. `answering` is False for a mail that answers none as far
    as its headers tell: then only a complete header block with an address or a time ends what was written, because
    contact forms and letters have short ones.
    """
    lines = text.split("\n")
    kept = _without_quotes(lines, forwarded=forwarded, answering=answering)
    kept = signatures.without_signature(signatures.without_first_lines(kept))
    result = "\n".join(kept).translate(MARKS).strip()
    return result or re.sub(r"\n{3,}", "\n\n", text.translate(MARKS)).strip()


def _without_quotes(lines: list[str], *, forwarded: bool, answering: bool) -> list[str]:
    kept = _Kept()
    lines = list(lines)
    index = 0
    while index < len(lines):
        line = lines[index]
        short = line[:LONGEST_LINE]
        if index >= MAX_READ_LINES:
            kept.lines += [after for after in lines[index:] if after != CUT and not QUOTED.match(after)]
            break
        if FORWARD.match(short) or (forwarded and _ends_all(lines, index, written=True, answering=True)):
            # A forwarded message is what the person wants to show us: it stays.
            return [*kept.lines, *(after for after in lines[index:] if after != CUT)]
        end = _end_in(lines, index, written=kept.written, answering=answering)
        if end is not None and (not end or not forwarded):
            kept.add(line[:end].rstrip())
            break
        ends = short.rstrip().endswith(":") and not QUOTED.match(line)
        same_line = SAME_LINE.search(short) if ends else None
        if same_line:
            kept.add(line[: same_line.start()].rstrip(" -"))
            lines[index] = line[same_line.end() :]
            continue
        length = attribution_length(lines, index)
        if length and quote_follows(lines, index + length):
            index += length
            kept.gap()
        elif length and kept.written and _made_by_machine(lines, index, length):
            # "On 3 May I wrote:" is the person's own sentence, and an answer below an unmarked quotation
            # cannot be told apart: both stay.
            break
        elif length:
            for own in lines[index : index + length]:
                kept.add(own)
            index += length
        elif QUOTED.match(line) or line.startswith(SIGNED) or _left_over(lines, index):
            index += 1
            kept.gap()
        elif line == CUT:
            index += 1
        else:
            kept.add(line)
            index += 1
    return kept.lines


def _end_in(lines: list[str], index: int, *, written: bool, answering: bool) -> int | None:
    """Where in this line the own words end and the answered message begins; None when they go on."""
    line = lines[index]
    if _ends_all(lines, index, written=written, answering=answering) or MARKER.search(line[:LONGEST_LINE]):
        return 0
    glued = words.GLUED_SEPARATOR.search(line[:LONGEST_BLOCK_LINE])
    return glued.start() if glued else None


def _made_by_machine(lines: list[str], index: int, length: int) -> bool:
    """Whether a program wrote the line above an unmarked message: it has an address, or stands alone and is impersonal.

    "On 3 March at 9:30 your driver said:" is a person's sentence.
    """
    joined = " ".join(line.strip() for line in lines[index : index + length])[: 2 * LONGEST_LINE]
    if ATTRIBUTED in joined or words.AT.search(joined) or DASHED_ATTRIBUTION.match(joined):
        return True
    if lines[index - 1].strip() or PERSONAL.search(joined):
        return False
    return words.TIME.search(joined) is not None or (
        words.YEAR.search(joined) is not None and ATTRIBUTION_OPENS.match(joined) is not None
    )


def _left_over(lines: list[str], index: int) -> bool:
    """The tail of a quoted line that a program wrapped without marking it again."""
    if not 0 < index < len(lines) - 1 or not QUOTED.match(lines[index - 1]) or not QUOTED.match(lines[index + 1]):
        return False
    line, above = lines[index].strip(), lines[index - 1]
    linked = line.startswith(("(", "<")) and line.endswith((">", ")"))
    if linked or (above.count("(") > above.count(")") and ")" in line):
        return True
    return 0 < len(line) <= 40 and len(above) >= 66 and (line[0].islower() or line[0] in "<([")


def _ends_all(lines: list[str], index: int, *, written: bool, answering: bool) -> bool:
    """Whether the answered message, unmarked, starts here and goes on to the end."""
    line = lines[index]
    if not line.strip():
        return False
    if line == CUT:
        return written
    short = line[:LONGEST_LINE]
    if SEPARATOR.match(short) or (written and CHEVRONS.match(short)):
        return True
    if RULE.match(short):
        following = next_written(lines, index + 1)
        return following >= len(lines) or header_block(lines, following) > 0 or lines[following] == CUT
    block = header_block(lines, index, complete=not answering) > 0 or _flat_block(line)
    return written and (block or _notes_block(lines, index))


def next_written(lines: list[str], index: int) -> int:
    """The next line from `index` on that is not empty."""
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def header_block(lines: list[str], index: int, *, complete: bool = False) -> int:
    """How many lines the header of an answered message (From:, Sent:, To:, Subject:) takes from `index`; 0 when none.

    Two lines are enough when one of them has an address and the other a time; a person's own "From: London, To:
    Leeds" has neither. `complete` asks for all four kinds of lines, and an address or a time.
    """
    kinds: list[frozenset[str]] = []
    values = passed = ""
    position = last = index
    misses = empty = 0
    while position < min(len(lines), index + 24) and misses < 3 and empty < 3:
        line = lines[position][:LONGEST_BLOCK_LINE]
        match = words.HEADER_LINE.match(line) if not QUOTED.match(line) or kinds else None
        if match:
            kinds.append(words.header_kinds()[re.sub(r"\s+", " ", match["name"].lower())])
            values, passed = f"{values} {passed} {match['value'][:LONGEST_LINE]}", ""
            misses = empty = 0
            last = position + 1
        elif not kinds:
            return 0
        elif not line.strip():
            empty += 1
        else:
            misses += 1
            passed += " " + line[:LONGEST_LINE]
        position += 1
    return last - index if _is_block(kinds, values, complete=complete) else 0


def _is_block(kinds: list[frozenset[str]], values: str, *, complete: bool) -> bool:
    meant = frozenset().union(*kinds) if kinds else frozenset()
    address = CITED_FIELD.search(values) is not None
    moment = words.TIME.search(values) is not None or words.YEAR.search(values) is not None
    if complete and not ({"sender", "sent", "to", "subject"} <= meant and (address or words.TIME.search(values))):
        return False
    if len(kinds) < 2 or not ({"sender"} & meant or (address and moment)):
        return False
    if len(set(kinds)) >= 3:
        return "subject" in meant or address or (moment and "sent" in meant)
    return len(set(kinds)) == 2 and address and (moment or "subject" in meant)


def _notes_block(lines: list[str], index: int) -> bool:
    """The header of an answered message as Notes writes it: who, when, and the names of the lines without colons."""
    block = [line.strip()[:LONGEST_LINE] for line in lines[index : index + 20] if line.strip()][:10]
    if len(block) < 5 or len(block[0]) > 120 or len(block[1]) > 60 or lines[index - 1].strip():
        return False
    if not (words.TIME.search(block[1]) and NUMBERS.search(block[1])):
        return False
    named = {
        kind: number
        for number, line in enumerate(block[2:], 2)
        if (match := words.NAMELESS_LINE.match(line))
        for kind in words.header_kinds()[match[1].lower()]
    }
    if "to" not in named or "subject" not in named:
        return False
    return any(CITED_FIELD.search(line) for line in block[: named["subject"]])


def _flat_block(line: str) -> bool:
    """A header block that some program flattened: "From: A Sent: Monday To: B Subject: C" in one line."""
    line = line[:LONGEST_BLOCK_LINE]
    first = words.HEADER_LINE.match(line)
    if first is None:
        return False
    names = {match[0].lower().rstrip(":\uff1a* ") for match in words.HEADER_INSIDE.finditer(line)}
    if "sender" in words.header_kinds()[re.sub(r"\s+", " ", first["name"].lower())]:
        return len(names) >= 4
    sent_by = any("sender" in words.header_kinds().get(name, ()) for name in names)
    told = CITED_FIELD.search(line) is not None and words.TIME.search(line) is not None
    return len(names) >= 3 and sent_by and told


def attribution_length(lines: list[str], index: int) -> int:
    """How many lines "On …, … wrote:" takes from here; 0 when it is none."""
    first = lines[index][:LONGEST_LINE].translate(DIRECTIONS)
    if not first.strip() or QUOTED.match(first):
        return 0
    if first.startswith(ATTRIBUTED):
        length = 1
        while index + length < len(lines) and lines[index + length].startswith(ATTRIBUTED):
            length += 1
        return length
    if DASHED_ATTRIBUTION.match(first) or QUOTING.match(first):
        return 1
    opened = ATTRIBUTION_OPENS.match(first) is not None
    joined = ""
    for length in range(1, 5):
        if index + length > len(lines):
            break
        line = lines[index + length - 1][:LONGEST_LINE].translate(DIRECTIONS)
        if length > 1 and (not line.strip() or QUOTED.match(line)):
            break
        joined = f"{joined} {line.strip()}".strip()
        if len(joined) > 2 * LONGEST_LINE:
            break
        if not _may_end(joined, lines, index + length):
            continue
        if _is_attribution(joined, first, lines, index + length, opened=opened, alone=length == 1):
            return length
    return 0


def _may_end(joined: str, lines: list[str], following: int) -> bool:
    """Cheap and first: an attribution ends with a colon or dashes, or stands right above marked lines."""
    last = joined.rstrip(" \t>*_")[-1:]
    return last in {":", "\uff1a", "-", "\u2014", "\u2015"} or quote_follows(lines, following) or _verb_last(joined)


def _is_attribution(joined: str, first: str, lines: list[str], following: int, *, opened: bool, alone: bool) -> bool:
    begun = alone or any(pattern.search(first) for pattern in (words.AT, words.TIME, words.YEAR))
    if begun and (BARE_ATTRIBUTION.match(joined[:LONGEST_LINE]) or _certain(joined)):
        return True
    told = words.AT.search(joined) and words.TIME.search(joined) and NUMBERS.search(joined)
    if begun and told and joined.rstrip().endswith((":", "\uff1a")) and quote_follows(lines, following):
        return True
    if begun and DATED_ADDRESS.match(joined[:LONGEST_LINE]) and quote_follows(lines, following):
        return True
    if not ATTRIBUTION_ENDS.search(joined[-240:]):
        certain = words.AT.search(joined) is not None and words.TIME.search(joined) is not None
        return opened and _verb_last(joined) and (certain or quote_follows(lines, following))
    telling = [pattern.search(joined) is not None for pattern in (words.AT, words.TIME, words.YEAR)]
    if opened and (any(telling) or re.search(r"\d", joined)):
        return True
    if any(telling) and begun:
        return True
    return alone and len(joined) <= 120 and quote_follows(lines, following)


def _certain(joined: str) -> bool:
    """Whether only a program can have written it: a bracketed address, a time, a date and the colon at the end."""
    found = joined.rstrip().endswith((":", "\uff1a")) and len(joined) <= LONGEST_LINE and BRACKETED.search(joined)
    return bool(found and words.TIME.search(joined) and NUMBERS.search(joined))


def _verb_last(joined: str) -> bool:
    return VERB_LAST.search(joined[-60:]) is not None and bool(re.search(r"\d", joined))


def quote_follows(lines: list[str], index: int) -> bool:
    """Whether the next written line is a quoted one."""
    following = next_written(lines, index)
    return following < len(lines) and (lines[following] == CUT or QUOTED.match(lines[following]) is not None)


def common_beginning(plain: str, other: str) -> str:
    """The lines of `plain` that `other` has too, when `other` is its beginning and shorter; else `plain` whole.

    Only letters and digits are compared: the two versions of a mail break and mark their lines differently.
    """
    wanted = re.sub(r"[\W_]+", "", other)
    found = re.sub(r"[\W_]+", "", plain)
    if not wanted or len(wanted) >= len(found) or not found.startswith(wanted):
        return plain
    kept: list[str] = []
    missing = len(wanted)
    for line in plain.split("\n"):
        if missing <= 0:
            break
        missing -= len(re.sub(r"[\W_]+", "", line))
        kept.append(line)
    return "\n".join(kept).strip() if missing == 0 else plain
