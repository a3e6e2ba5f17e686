"""What the person wrote this time: without the quoted message, without the signature.

Works on lines, forwards only, with bounded patterns. When in doubt it keeps: a line too many is read by an agent, a
line too few is a complaint that nobody hears. If nothing would remain, the whole text is returned.
"""

import re

MAX_LINES = 20_000
LONGEST_LINE = 400  # for patterns; longer lines are prose or data, never a separator

# "On … wrote:" in the languages of the common mail programs: the words before and after names and dates.
ATTRIBUTION_ENDS = re.compile(
    r"(?:\b(?:wrote|writes|schrieb|geschrieben|a écrit|escribió|ha scritto|scrisse|schreef|escreveu|napisał(?:\(a\))?|"
    r"skrev|napsal(?:\(a\))?|írta|yazdı|a scris|написал(?:а|\(а\))?|пишет|писал(?:а)?|kirjoitti)\b"
    r"|wrote|写道|のメッセージ|さんは書きました|작성)[^\n]{0,120}[:：]\s*$",
    re.IGNORECASE,
)  # fmt: skip
ATTRIBUTION_STARTS = re.compile(
    r"^\s*[>*_\-\s]{0,12}(?:On|Am|Le|El|Il|Op|Em|Den|Dne|W dniu|Dnia|På|Il giorno|Il|Em|Pe|Am|Den|Le|At|In article|"
    r"В|Le|Ter|On the|Von|From|\d{1,4}[./-]\d{1,2}[./-]\d{1,4}|\d{4}年|"
    r"(?:mon|tue|wed|thu|fri|sat|sun|mo|di|mi|do|fr|sa|so)"
    r"[a-z]{0,7}[.,])\b",
    re.IGNORECASE,
)
# A date, a name and an address with a colon, no verb: "Thu, 26 Jun 2014 14:00 +0400 от Name <a@b.example>:"
BARE_ATTRIBUTION = re.compile(r"(?=.{0,200}\d{1,2}[:.]\d{2}).{6,200}[<\"(][^\s<>]{1,100}@[^\s<>]{1,100}[>\")]\s*:\s*$")
SEPARATOR = re.compile(
    r"^\s*[>*\s]{0,4}(?:[-_=—–*]{2,}\s*(?:original message|original appointment|ursprüngliche nachricht|"
    r"originalnachricht|message d'origine|message original|mensaje original|messaggio originale|oorspronkelijk bericht|"
    r"mensagem original|original meddelelse|ursprungligt meddelande|wiadomość oryginalna|исходное сообщение|"
    r"reply message|antwort)\s*[-_=—–*]{0,}\s*)$",
    re.IGNORECASE,
)
FORWARD = re.compile(
    r"^\s*[>*\s]{0,4}(?:[-_=—–*]{2,}\s*(?:forwarded message|weitergeleitete nachricht|message transféré|"
    r"mensaje reenviado|messaggio inoltrato|doorgestuurd bericht|mensagem encaminhada)\s*[-_=—–*]{0,}\s*|"
    r"begin forwarded message:|anfang der weitergeleiteten nachricht:)\s*$",
    re.IGNORECASE,
)
RULE = re.compile(r"^\s*(?:[_]{10,}|[-]{10,}|[=]{10,})\s*$")
MARKER = re.compile(r"(?:reply above this line|type your reply above|antworten sie oberhalb dieser (?:zeile|linie)|"
                    r"bitte oberhalb dieser (?:zeile|linie))", re.IGNORECASE)  # fmt: skip
HEADER_NAMES = re.compile(
    r"^[\s>*_]{0,8}(?P<name>from|sent|date|to|cc|subject|reply-to|importance|organization|von|gesendet(?: am)?|"
    r"datum|an|"
    r"betreff|kopie|de|envoyé(?: le)?|date|à|objet|para|enviado(?: el| em)?|asunto|fecha|da|inviato|data|a|oggetto|van|"
    r"verzonden|aan|onderwerp|assunto|från|skickat|till|ämne|fra|sendt|til|emne|od|do|temat|wysłano|от|кому|тема|дата|"
    r"отправлено|差出人|送信日時|宛先|件名|发件人|发送时间|收件人|主题)\s*\*?\s*[:：]\*?",
    re.IGNORECASE,
)  # fmt: skip
SENDER_NAMES = {"from", "von", "de", "da", "van", "från", "fra", "od", "от", "差出人", "发件人"}

# What a program writes above an answered message and a person seldom does: an address or a time of day.
MADE_BY_MACHINE = re.compile(r"\S@\S|\d{1,2}[:.h]\d{2}")

SENT_FROM = re.compile(
    r"^\s*[*_]?(?:sent (?:from|via|with|using) (?:my |a |an |the )?[\w'’+. -]{1,40}(?:\([^()\s]{1,100}\))?|"
    r"(?:von|mit) (?:meinem?r? )[\w'’. -]{1,40} gesendet|gesendet (?:von|mit|über) [\w'’. -]{1,50}|"
    r"diese nachricht wurde von meinem [\w'’. -]{1,50} gesendet\.?|von outlook für \w{1,10} (?:gesendet|beziehen)|"
    r"envoyé de(?:puis)? mon [\w'’. -]{1,40}|enviado desde mi [\w'’. -]{1,40}|inviato da(?:l mio)? [\w'’. -]{1,40}|"
    r"verzonden vanaf mijn [\w'’. -]{1,40}|enviado do meu [\w'’. -]{1,40}|skickat från min [\w'’. -]{1,40}|"
    r"get outlook for \w{1,12}(?: <[^<>\s]{1,200}>)?|outlook für \w{1,12} beziehen|"
    r"отправлено с [\w'’. -]{1,40}|via mobile)[.*_]?\s*(?:<[^<>\s]{1,200}>)?\s*$",
    re.IGNORECASE,
)
SIGNATURE = re.compile(r"^\s{0,3}(?:--|—|––|-- ?)\s*$")
DASH_NAME = re.compile(r"^-\s?[A-Z][\w.'’-]{1,20}(?: [A-Z][\w.'’-]{0,20}){0,3}\s*$")
CONTACT = re.compile(
    r"https?://|www\.|\S@\S+\.\S|\+?\d[\d\s()./-]{6,}\d|\b(?:tel|fax|phone|mobil|telefon)\b", re.IGNORECASE
)
QUOTED = re.compile(r"^\s{0,3}>|^#reply#")


def reply_text(text: str) -> str:
    """The new part of a message; the whole text when nothing else would be left."""
    lines = text.split("\n")[:MAX_LINES]
    kept = _without_quotes(lines)
    kept = _without_signature(kept)
    result = "\n".join(kept).strip()
    result = re.sub(r"\n{3,}", "\n\n", result)
    return result or text.strip()


def _without_quotes(lines: list[str]) -> list[str]:
    kept: list[str] = []
    index = 0
    while index < len(lines):
        line = lines[index]
        if FORWARD.match(line[:LONGEST_LINE]):
            # A forwarded message is what the person wants to show us: it stays.
            return kept + lines[index:]
        if _ends_all(lines, index):
            break
        if MARKER.search(line[:LONGEST_LINE]):
            break
        length = _attribution_length(lines, index)
        if length:
            following = index + length
            if not _quote_follows(lines, following):
                if _written(kept) and MADE_BY_MACHINE.search(" ".join(lines[index:following])[:LONGEST_LINE]):
                    break
                # "On 3 May I wrote:" is the person's own sentence, and an answer below an unmarked quotation
                # cannot be told apart: both stay.
                kept += lines[index:following]
                index = following
                continue
            index = following
            continue
        if QUOTED.match(line):
            index += 1
            continue
        kept.append(line)
        index += 1
    return kept


def _written(kept: list[str]) -> bool:
    return any(line.strip() for line in kept)


def _ends_all(lines: list[str], index: int) -> bool:
    """Whether the answered message, unmarked, starts here and goes on to the end."""
    line = lines[index][:LONGEST_LINE]
    if SEPARATOR.match(line):
        return True
    following = _next_written(lines, index + 1)
    if RULE.match(line) and (_header_block(lines, following) or following >= len(lines)):
        return True
    return _header_block(lines, index) and any(kept.strip() for kept in lines[:index])


def _next_written(lines: list[str], index: int) -> int:
    while index < len(lines) and not lines[index].strip():
        index += 1
    return index


def _header_block(lines: list[str], index: int) -> bool:
    """Three or more lines like From:, Sent:, To:, Subject:, with a sender among them, starting at `index`."""
    names: list[str] = []
    position = index
    misses = 0
    while position < min(len(lines), index + 12) and misses < 2:
        match = HEADER_NAMES.match(lines[position][:LONGEST_LINE])
        if match:
            names.append(match["name"].lower())
            misses = 0
        elif not names:
            return False
        else:
            misses += 1
        position += 1
    return len(set(names)) >= 3 and not SENDER_NAMES.isdisjoint(names)


def _attribution_length(lines: list[str], index: int) -> int:
    """How many lines "On …, … wrote:" takes from here; 0 when it is none."""
    first = lines[index][:LONGEST_LINE]
    if not first.strip():
        return 0
    if BARE_ATTRIBUTION.match(first.strip()):
        return 1
    if not ATTRIBUTION_STARTS.match(first):
        # No opening word, but a verb at the end and a mark of a message: "Name <a@b.example> schrieb:"
        return int(bool(ATTRIBUTION_ENDS.search(first)) and ("@" in first or bool(re.search(r"\d{4}", first))))
    joined = ""
    for length in range(1, 5):
        if index + length > len(lines):
            break
        line = lines[index + length - 1][:LONGEST_LINE]
        if length > 1 and (not line.strip() or ATTRIBUTION_STARTS.match(line)):
            break
        joined = f"{joined} {line.strip()}"
        if ATTRIBUTION_ENDS.search(joined) and (re.search(r"\d", joined) or "@" in joined):
            return length
    return 0


def _quote_follows(lines: list[str], index: int) -> bool:
    following = _next_written(lines, index)
    return following < len(lines) and QUOTED.match(lines[following]) is not None


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the earliest delimiter that has only a signature or footer below it; looks at the last lines only."""
    cut = len(lines)
    below = 0
    for index in range(len(lines) - 1, 0, -1):
        line = lines[index]
        if below <= 15 and (
            (SIGNATURE.match(line) and _rest_is_signature(lines[index + 1 :]))
            or (RULE.match(line) and _rest_is_footer(lines[index + 1 :]))
        ):
            cut = index
        below += bool(line.strip())
        if below > 15:
            break
    return _without_last_lines(lines[:cut] if _written(lines[:cut]) else lines)


def _rest_is_signature(rest: list[str]) -> bool:
    """A signature is short; two dashes above pages of text are only two dashes."""
    written = [line for line in rest if line.strip()]
    return len(written) <= 12 and sum(len(line) for line in written) <= 1500


def _rest_is_footer(rest: list[str]) -> bool:
    """A rule above a few short lines with an address, number or link: contact data or a list's footer."""
    written = [line for line in rest if line.strip()]
    short = all(len(line) <= 120 for line in written)
    return 0 < len(written) <= 15 and short and any(CONTACT.search(line[:LONGEST_LINE]) for line in written)


def _without_last_lines(lines: list[str]) -> list[str]:
    """Drop "Sent from my phone" and "-Name" at the very end."""
    last = len(lines)
    while last > 1:
        line = lines[last - 1]
        above = _written(lines[: last - 1])
        if (
            not line.strip()
            or RULE.match(line)
            or (above and (SENT_FROM.match(line[:LONGEST_LINE]) or DASH_NAME.match(line)))
        ):
            last -= 1
            continue
        break
    return lines[:last]
