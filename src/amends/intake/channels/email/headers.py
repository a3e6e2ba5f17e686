"""Header values: unfolding, encoded words, addresses, dates, identifiers, parameters. Tolerant and iterative.

Everything works on the raw bytes of a header, because what is illegal there (8-bit characters, broken encoded words,
commas inside display names) has to be repaired before any structure is read. Nothing here raises.
"""

import base64
import binascii
import re
from datetime import UTC, datetime
from urllib.parse import unquote_to_bytes

from amends.intake.channels.email import dates
from amends.intake.channels.email.charsets import clean, codec_of, decode_text
from amends.intake.channels.email.model import Address

MAX_VALUE_BYTES = 64 * 1024
MAX_ADDRESSES = 500
# The text is bounded so that a header full of unfinished words cannot make the search quadratic.
ENCODED_WORD = re.compile(rb"=\?([A-Za-z0-9_.:+*-]{1,80})\?\s?([bBqQ])\s?\?(.{0,4000}?)\?=", re.DOTALL)
MESSAGE_ID = re.compile(r"<[^<>]{1,900}>")
# Quoted strings and escapes are single tokens; a quote that never closes is an ordinary character.
ADDRESS_TOKENS = re.compile(rb'"(?:[^"\\]|\\.)*"|\\.|[()<>,;:@]', re.DOTALL)
UNDISCLOSED = re.compile(r"undisclosed[- _]?recipients?", re.IGNORECASE)
WHITESPACE = re.compile(r"\s+")
ADDRESS = re.compile(r"[^\s<>()\[\],;:\"\\]+@[^\s<>()\[\],;:\"\\]+")


def unfold(raw: bytes) -> bytes:
    """One line out of a folded header value, cut to a bounded length."""
    value = raw[:MAX_VALUE_BYTES].replace(b"\x00", b"")
    return re.sub(rb"\r*\n[ \t]*", b" ", value).strip(b" \t\r\n")


def decode_header(raw: bytes, problems: list[str], where: str, hint: str | None = None) -> str:
    """The text of an unstructured header or a display name: encoded words and raw 8-bit characters decoded.

    `hint` is the character set of the body, which raw 8-bit characters in the header usually share.
    """
    value = unfold(raw)
    pieces: list[str] = []
    pending: list[tuple[str, bytes]] = []  # neighbouring encoded words of one set: their bytes belong together
    position = 0
    for match in ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        if between.strip() or not pending:
            _flush(pending, pieces, problems, where)
            pieces.append(_plain(between, problems, where, hint))
        charset = match[1].decode("ascii").split("*")[0]
        content = _word_bytes(match[2], match[3], problems, where)
        if pending and pending[-1][0].lower() == charset.lower():
            pending[-1] = (charset, pending[-1][1] + content)
        else:
            pending.append((charset, content))
        position = match.end()
    _flush(pending, pieces, problems, where)
    pieces.append(_plain(value[position:], problems, where, hint))
    return WHITESPACE.sub(" ", clean("".join(pieces))).strip()


def _flush(pending: list[tuple[str, bytes]], pieces: list[str], problems: list[str], where: str) -> None:
    for charset, content in pending:
        text, problem = decode_text(content, charset)
        pieces.append(text)
        if problem:
            problems.append(f"{where}: {problem}")
    pending.clear()


def _plain(value: bytes, problems: list[str], where: str, hint: str | None) -> str:
    if not value or value.isascii():
        return value.decode("ascii")
    utf8 = _is_utf8(value)
    text, _problem = decode_text(value, None if utf8 else hint)
    if not utf8:
        problems.append(f"{where}: raw 8-bit characters without a character set")
    return text


def _is_utf8(value: bytes) -> bool:
    try:
        value.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _word_bytes(encoding: bytes, content: bytes, problems: list[str], where: str) -> bytes:
    if encoding in b"qQ":
        return binascii.a2b_qp(content.replace(b" ", b"_"), header=True)
    decoded, damaged = decode_base64(content)
    if damaged:
        problems.append(f"{where}: damaged base64 in an encoded word")
    return decoded


def decode_base64(content: bytes) -> tuple[bytes, bool]:
    """Decode base64 in spite of missing padding, foreign characters and a cut end; says whether it was damaged."""
    packed = content.translate(None, b" \t\r\n")
    try:
        return binascii.a2b_base64(packed, strict_mode=True), False
    except (binascii.Error, ValueError):
        pass  # damaged: what can be saved is decoded below
    # Several blocks glued together have padding in the middle; each is decoded by itself.
    decoded = bytearray()
    packed = _before_footer(content).translate(None, b" \t\r\n")
    for block in re.split(rb"=+", packed):
        letters = re.sub(rb"[^A-Za-z0-9+/]", b"", block)
        letters = letters[: len(letters) - 1] if len(letters) % 4 == 1 else letters
        decoded += base64.b64decode(letters + b"=" * (-len(letters) % 4))
    return bytes(decoded), True


def _before_footer(content: bytes) -> bytes:
    """Without what scanners and lists append in plain words, below an empty line and lines of nothing but base64."""
    empty = re.search(rb"\n[ \t]*\r?\n(?=[^\n]{0,200}[^A-Za-z0-9+/=\s][^\n]{0,200})", content)
    if empty is None or not re.fullmatch(rb"[A-Za-z0-9+/\s]+={0,2}\s*", content[: empty.start()]):
        return content
    return content[: empty.start()]


def split_addresses(raw: bytes) -> list[bytes]:
    """Split an address list at commas and semicolons outside quotes, comments and angle brackets.

    Group names ("friends: a@b.example, c@d.example;") are dropped, their members kept.
    """
    value = unfold(raw)
    items: list[bytes] = []
    start = comment = 0
    angled = address_seen = False
    for match in ADDRESS_TOKENS.finditer(value):
        token = match[0]
        if token in b"()":
            comment = max(0, comment + (1 if token == b"(" else -1))
        elif comment or len(token) > 1:
            continue
        elif token in b"<>":
            angled = token == b"<"
        elif token == b"@":
            address_seen = True
        elif not angled and (token != b":" or not address_seen):
            if token != b":":
                items.append(value[start : match.start()])
            start, address_seen = match.end(), False
    items.append(value[start:])
    kept = [item.strip() for item in items if item.strip()]
    return kept[:MAX_ADDRESSES]


def addresses(raw: bytes, problems: list[str], where: str) -> tuple[Address, ...]:
    """Every mailbox of an address header; what is no address becomes a name without one."""
    found: list[Address] = []
    waiting = b""
    for item in split_addresses(raw):
        if not _without_comments(item[:2000]).strip():
            continue
        # "Doe, John <john@example.com>" without quotes: the piece without an address belongs to the next one.
        if b"@" not in item and b"<" not in item:
            waiting = waiting + b", " + item if waiting else item
            continue
        if not UNDISCLOSED.match(re.sub(rb"\([^()]*\)", b"", item).decode("ascii", "replace").strip()):
            found.append(_address(waiting + b", " + item if waiting and b"<" in item else item, problems, where))
        waiting = b""
    if waiting and not found:
        name = decode_header(waiting, problems, where)
        if "@" in name:  # the whole header is one encoded word, address and all
            inner = re.sub(r"[^\x20-\x7e]", "", name).encode("ascii")
            return addresses(inner, problems, where) if b"=?" not in inner else ()
        if not UNDISCLOSED.search(name) and name.strip(" ;:"):
            problems.append(f"{where}: no address in {name[:60]!r}")
            found.append(Address(name[:300], ""))
    return tuple(found)


def _address(item: bytes, problems: list[str], where: str) -> Address:
    opening = item.rfind(b"<")
    if opening >= 0 and b"@" not in item[opening:] and b"@" in item[:opening]:
        opening = -1
    if opening >= 0:
        closing = item.find(b">", opening)
        inside = item[opening + 1 : closing if closing >= 0 else len(item)]
        name = _display_name(item[:opening], problems, where)
        if not name and closing >= 0:
            name = _display_name(item[closing + 1 :], problems, where)
    else:
        comment = re.search(rb"\(([^()]*)\)", item)
        outside = re.sub(rb"\([^()]*\)", b" ", item)
        name = _display_name(comment[1], problems, where) if comment else ""
        # Old mailers put spaces around the dots of a domain.
        decoded = re.sub(r"(@[\w.-]{1,100}) ?\. (?=\w)", r"\1.", decode_header(outside, problems, where))
        match = ADDRESS.search(decoded)
        if match is None:
            problems.append(f"{where}: no address in {decoded[:60]!r}")
            return Address(name or decoded[:300], "")
        rest = (decoded[: match.start()] + " " + decoded[match.end() :]).strip(" \"'<>:()")
        return Address((name or rest)[:300], match[0].strip(".'"))
    address = _bare_address(decode_header(_without_comments(inside), problems, where))
    route = address.rpartition(":") if address.startswith("@") else ("", "", address)
    address = route[2]
    if "@" not in address:
        problems.append(f"{where}: no address in {decode_header(item, [], where)[:60]!r}")
        return Address(name or address[:300], "")
    return Address(name[:300], address[:320])


def _bare_address(value: str) -> str:
    """An address without the spaces that folding put into it; those inside a quoted local part belong to it."""
    quoted, at, domain = value.strip().rpartition('"@')
    if at and quoted.startswith('"'):
        return quoted + at + WHITESPACE.sub("", domain).strip("<>")
    return WHITESPACE.sub("", value).removeprefix("mailto:").strip("<>")


def _without_comments(value: bytes) -> bytes:
    """Without "(comments)", a few levels deep."""
    for _level in range(4):
        value = re.sub(rb"\([^()]*\)", b"", value)
    return value


def _display_name(raw: bytes, problems: list[str], where: str) -> str:
    name = decode_header(raw, problems, where).strip()
    if name.startswith("(") and name.endswith(")"):
        name = name[1:-1]
    name = re.sub(r"\\(.)", r"\1", name)
    while len(name) >= 2 and name[0] == name[-1] and name[0] in "\"'":
        name = name[1:-1].strip()
    return name.strip(' "')


def identifiers(raw: bytes) -> tuple[str, ...]:
    """Message identifiers of a header, with angle brackets; bare words count when there are no brackets at all."""
    value = clean(unfold(raw).decode("ascii", "replace").replace("\ufffd", "?"))
    found = [WHITESPACE.sub("", item) for item in MESSAGE_ID.findall(value)]
    if not found:
        found = [f"<{word.strip('<>')}>" for word in value.split() if "@" in word and len(word) < 900]
    return tuple(dict.fromkeys(found))[:200]


def message_id(raw: bytes) -> str | None:
    """The Message-ID, with angle brackets; an odd one without "@" is kept, an empty one is None."""
    found = identifiers(raw)
    if found:
        return found[0]
    bare = clean(unfold(raw).decode("ascii", "replace").replace("\ufffd", "?")).strip("<> ")
    return f"<{bare[:900]}>" if bare else None


def date(raw: bytes, problems: list[str]) -> datetime | None:
    """The date with its zone; None (and a problem) for what no clock ever showed."""
    value = decode_header(raw, [], "Date")
    aware = dates.header_date(value)
    if aware is None:
        problems.append(f"Date: cannot read {value[:60]!r}")
        return None
    try:
        in_range = 1900 <= aware.astimezone(UTC).year <= 2200
    except (OverflowError, ValueError):
        in_range = False
    if not in_range:
        problems.append(f"Date: out of range {value[:60]!r}")
        return None
    return aware


def parameters(raw: bytes, problems: list[str], where: str) -> tuple[str, dict[str, str]]:
    """A structured value and its parameters ("text/plain", {"charset": …}); RFC 2231 and its common violations."""
    value = unfold(raw)
    pieces = _split_parameters(value)
    head = decode_header(pieces[0], [], where).strip(" \"'").lower() if pieces else ""
    plain: dict[str, bytes] = {}
    extended: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for piece in pieces[1:200]:
        key_bytes, equals, content = piece.partition(b"=")
        key = key_bytes.decode("ascii", "replace").strip().lower()
        if not equals or not key:
            continue
        content = _unquote(content.strip())
        match = re.fullmatch(r"([^*]+)(?:\*(\d{1,4}))?(\*)?", key)
        if match and (match[2] or match[3]):
            extended.setdefault(match[1], {}).setdefault(int(match[2] or 0), (content, bool(match[3])))
        else:
            plain.setdefault(key, content)
    result = {key: decode_header(content, problems, where) for key, content in plain.items()}
    for key, parts in extended.items():
        result[key] = _join_extended(parts, problems, where)
    return head, result


def _split_parameters(value: bytes) -> list[bytes]:
    """Split at semicolons outside quotes; a quote that never closes is no quote."""
    pieces: list[bytes] = []
    start = index = 0
    while index < len(value):
        byte = value[index]
        if byte == 0x22:
            closing = value.find(b'"', index + 1)
            while closing > 0 and value[closing - 1] == 0x5C and value[closing - 2 : closing] != b"\\\\":
                closing = value.find(b'"', closing + 1)
            index = closing if closing > 0 else index
        elif byte == 0x3B:
            pieces.append(value[start:index])
            start = index + 1
        index += 1
    pieces.append(value[start:])
    return pieces


def _unquote(content: bytes) -> bytes:
    if content.startswith(b'"'):
        content = content[1:-1] if len(content) > 1 and content.endswith(b'"') else content[1:]
        # Windows paths inside quotes are not escapes; only quotes and backslashes are.
        content = re.sub(rb'\\(["\\])', rb"\1", content)
    return content


def _join_extended(parts: dict[int, tuple[bytes, bool]], problems: list[str], where: str) -> str:
    charset: str | None = None
    collected = bytearray()
    for number in sorted(parts):
        content, encoded = parts[number]
        if number == min(parts) and encoded and content.count(b"'") >= 2:
            name, _language, content = content.split(b"'", 2)
            charset = name.decode("ascii", "replace") or None
        collected += unquote_to_bytes(bytes(content)) if encoded else content
    if charset is None and b"=?" in collected:
        return decode_header(bytes(collected), problems, where)
    text, problem = decode_text(bytes(collected), charset if codec_of(charset) else None)
    if problem and charset:
        problems.append(f"{where}: {problem}")
    return WHITESPACE.sub(" ", text).strip()
