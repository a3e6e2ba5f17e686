"""The tree of MIME parts, as offsets into one buffer.

The standard library's feed parser recurses once per level, keeps every line as an object and has no limit on parts, so
that a mail of some megabytes of boundary lines costs gigabytes and a deep one a RecursionError. This reader finds
boundaries with one regular expression per level, never copies a body until it is asked for, and stops at fixed bounds;
what lies beyond them stays together as one opaque part, so nothing is lost.
"""

import binascii
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from amends.intake.channels.email import headers

MAX_DEPTH = 20
MAX_PARTS = 400
MAX_HEADER_BYTES = 256 * 1024
MAX_HEADERS = 1000
MAX_UU_FILES = 30

HEADER_LINE = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
LEADING_BLANKS = re.compile(rb"(?:[ \t]{0,10000}\r{0,2}\n){1,100}")
# After a closing boundary anything may follow on the line; after any other only blanks, or it is a longer boundary.
DELIMITER_REST = re.compile(rb"(?:(--)(?![A-Za-z0-9_=+-])[^\n]{0,200}|(--)?[ \t]*\r*)(?=\n|\Z)")
UU_LINE = re.compile(rb"[\x20-\x60]{1,62}")
UU_END = re.compile(rb"^end[ \t]*\r?$", re.MULTILINE)
UU_LINES = re.compile(rb"(?:M[\x20-\x60]{60,61}\r?\n){0,1000000}[\x20-\x60]{2,62}\r?\n[`\x20]?\r?\n?(?:end)?\s*$")
UUENCODED = re.compile(rb"^begin [0-7]{3,4} [^\r\n]{1,200}\r?\n", re.MULTILINE)


@dataclass(slots=True)
class Part:
    """One MIME entity: raw header values in order, the span of its body in the buffer, its children."""

    buffer: bytes
    start: int
    end: int
    raw_headers: list[tuple[str, bytes]]
    type: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)
    disposition: str = ""
    disposition_parameters: dict[str, str] = field(default_factory=dict)
    declared: bool = False
    children: list["Part"] = field(default_factory=list)

    def header(self, name: str) -> bytes | None:
        """The first header of that name, raw, or None."""
        wanted = name.lower()
        return next((value for key, value in self.raw_headers if key == wanted), None)

    def all_headers(self, name: str) -> list[bytes]:
        """Every header of that name, raw, in order."""
        wanted = name.lower()
        return [value for key, value in self.raw_headers if key == wanted]

    def text_of(self, name: str) -> str:
        """The first header of that name as text; empty when absent."""
        raw = self.header(name)
        return "" if raw is None else headers.decode_header(raw, [], name)

    @property
    def body(self) -> bytes:
        """The body as it stands in the mail, still encoded for transfer."""
        return self.buffer[self.start : self.end]

    @property
    def multipart(self) -> bool:
        """Whether this part only holds others."""
        return bool(self.children)

    def walk(self) -> Iterator["Part"]:
        """This part and all below it, in the order of the mail."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            stack.extend(reversed(part.children))


@dataclass(slots=True)
class _Budget:
    parts: int = MAX_PARTS


def read(raw: bytes, problems: list[str]) -> Part:
    """Read a whole mail. Never raises; what is odd goes to `problems`."""
    if b"\n" not in raw and b"\r" in raw:
        raw = raw.replace(b"\r", b"\n")
    start = _first_line(raw)
    return _entity(raw, start, len(raw), 0, _Budget(), problems, "text/plain")


def _first_line(raw: bytes) -> int:
    """Where the header begins: after a byte order mark, empty lines and the separator line of mailbox files."""
    start = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    blank = LEADING_BLANKS.match(raw, start)
    if blank and HEADER_LINE.match(raw, blank.end()):
        start = blank.end()
    if raw[start : start + 5] in {b"From ", b">From"} and not HEADER_LINE.match(raw, start):
        line_end = raw.find(b"\n", start)
        start = line_end + 1 if line_end >= 0 else start
    return start


def read_headers(raw: bytes) -> Part:
    """Read only the header block of `raw` (a returned message in a report, for example)."""
    found, body = _header_block(raw, _first_line(raw), len(raw), [])
    return Part(raw, body, len(raw), found)


def _entity(
    buffer: bytes, start: int, end: int, depth: int, budget: _Budget, problems: list[str], default: str
) -> Part:
    raw_headers, body = _header_block(buffer, start, end, problems)
    part = Part(buffer, body, end, raw_headers, type=default)
    _read_type(part, problems)
    if part.type.startswith("multipart/"):
        _read_children(part, depth, budget, problems)
    return part


def _read_type(part: Part, problems: list[str]) -> None:
    values = part.all_headers("content-type")
    if len(values) > 1:
        problems.append("more than one Content-Type header; the first usable one counts")
    for raw in values:
        value, parameters = headers.parameters(raw, problems, "Content-Type")
        if re.fullmatch(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+", value):
            part.type, part.parameters, part.declared = value, parameters, True
            break
        part.parameters = part.parameters or parameters
        if value == "text" or value.startswith("text/"):
            part.type, part.declared = "text/html" if "html" in value else "text/plain", True
            problems.append(f"broken Content-Type {value[:60]!r} read as {part.type}")
            break
        problems.append(f"broken Content-Type {value[:60]!r}")
        if value and "/" in value:
            part.type, part.declared = "application/octet-stream", True
    raw_disposition = part.header("content-disposition")
    if raw_disposition is not None:
        part.disposition, part.disposition_parameters = headers.parameters(
            raw_disposition, problems, "Content-Disposition"
        )


def _header_block(buffer: bytes, start: int, end: int, problems: list[str]) -> tuple[list[tuple[str, bytes]], int]:
    """The headers from `start`, and where the body begins."""
    found: list[tuple[str, bytes]] = []
    position = start
    while position < end:
        line_end = buffer.find(b"\n", position, end)
        next_line = end if line_end < 0 else line_end + 1
        line = buffer[position:next_line]
        bare = line.rstrip(b"\r\n")
        if not bare or (not bare.strip(b" \t") and not _header_goes_on(buffer, next_line, end)):
            return found, next_line
        if position - start > MAX_HEADER_BYTES or len(found) > MAX_HEADERS:
            problems.append("the header is longer than any honest one; the rest of it is read as text")
            return found, position
        match = HEADER_LINE.match(bare)
        if bare[:1] in b" \t" and found:
            _continue_header(found, line)
        elif match:
            found.append((match[1].decode("ascii").lower(), bare[match.end() :] + b"\n"))
        elif _header_follows(buffer, next_line, end) and (found or _looks_like_header_start(bare)):
            problems.append("a header line without a name")
            if found:
                _continue_header(found, b" " + line)
        else:
            if found:
                problems.append("no empty line between header and body")
            return found, position
        position = next_line
    return found, end


def _continue_header(found: list[tuple[str, bytes]], line: bytes) -> None:
    name, value = found[-1]
    if len(value) < headers.MAX_VALUE_BYTES:
        found[-1] = (name, value + line)


def _looks_like_header_start(line: bytes) -> bool:
    return len(line) < 200 and (b":" in line or line[:1] in b" \t")


def _header_goes_on(buffer: bytes, position: int, end: int) -> bool:
    """After a line of nothing but spaces: whether more header comes, folded or new, before the real empty line."""
    return buffer[position : position + 1] in {b" ", b"\t"} or (
        _header_follows(buffer, position, end) and buffer[position : position + 1] not in {b"\r", b"\n", b""}
    )


def _header_follows(buffer: bytes, position: int, end: int) -> bool:
    """Whether the next line is a header or the empty line that ends them."""
    line_end = buffer.find(b"\n", position, end)
    line = buffer[position : end if line_end < 0 else line_end].rstrip(b"\r")
    if line[:1] in {b" ", b"\t"} and line.strip() and line_end >= 0:
        next_end = buffer.find(b"\n", line_end + 1, end)
        line = buffer[line_end + 1 : end if next_end < 0 else next_end].rstrip(b"\r")
        return HEADER_LINE.match(line) is not None
    return position < end and (not line.strip() or HEADER_LINE.match(line) is not None)


def _read_children(part: Part, depth: int, budget: _Budget, problems: list[str]) -> None:
    boundary = part.parameters.get("boundary", "").rstrip()
    delimiters = _delimiters(part, boundary) if boundary else []
    if not delimiters:
        guessed = _guess_boundary(part)
        delimiters = _delimiters(part, guessed) if guessed else []
        problems.append(
            f"{part.type}: boundary missing or wrong, found in the body"
            if delimiters
            else f"{part.type} without any part, read as text"
        )
    if not delimiters:
        part.type, part.declared = "text/plain", False
        return
    if depth >= MAX_DEPTH:
        problems.append(f"parts nested deeper than {MAX_DEPTH}, the rest is kept as one file")
        part.type = "application/octet-stream"
        return
    default = "message/rfc822" if part.type == "multipart/digest" else "text/plain"
    closed = False
    for index, (_begin, content_start, closing) in enumerate(delimiters):
        if closing:
            closed = True
            break
        content_end = delimiters[index + 1][0] if index + 1 < len(delimiters) else part.end
        if budget.parts <= 0:
            problems.append(f"more than {MAX_PARTS} parts, the rest is kept as one file")
            part.children.append(Part(part.buffer, content_start, part.end, [], type="application/octet-stream"))
            break
        budget.parts -= 1
        child = _entity(part.buffer, content_start, content_end, depth + 1, budget, problems, default)
        part.children.append(child)
    if not closed:
        problems.append(f"{part.type}: the closing boundary is missing")
    if not part.children:
        problems.append(f"{part.type} without any part, read as text")
        part.type, part.declared = "text/plain", False


def _delimiters(part: Part, boundary: str) -> list[tuple[int, int, bool]]:
    """Every boundary line: where the content before it ends, where the next begins, whether it is the closing one."""
    needle = b"--" + boundary.encode("utf-8", "replace")[:1000]
    found: list[tuple[int, int, bool]] = []
    position = part.buffer.find(needle, part.start, part.end)
    while position >= 0 and len(found) <= 20 * MAX_PARTS:
        after = position + len(needle)
        rest = DELIMITER_REST.match(part.buffer, after, part.end)
        if rest and (position == part.start or part.buffer[position - 1] == 0x0A):
            found.append((_before_line_break(part, position), min(rest.end() + 1, part.end), _closes(rest)))
            if _closes(rest):
                break
        position = part.buffer.find(needle, after, part.end)
    return found


def _closes(rest: re.Match[bytes]) -> bool:
    return rest[1] is not None or rest[2] is not None


def _before_line_break(part: Part, position: int) -> int:
    """The line break before a boundary belongs to the boundary, not to the content."""
    if position > part.start:
        position -= 1
    if position > part.start and part.buffer[position - 1] == 0x0D:
        position -= 1
    return position


def _guess_boundary(part: Part) -> str | None:
    """The boundary from the first line that looks like one, when the header does not have it."""
    sample = part.buffer[part.start : min(part.end, part.start + 256 * 1024)]
    for match in re.finditer(
        rb"^--([^\s-][^\r\n]{0,69}?)[ \t]*\r?\n[ \t]*(?:Content-|\r?\n)", sample, re.MULTILINE | re.IGNORECASE
    ):
        return match[1].decode("ascii", "replace")
    return None


def content(part: Part, problems: list[str]) -> bytes:
    """The body with its transfer encoding undone; damaged or unknown encodings give what can be had."""
    body = part.body
    raw = part.header("content-transfer-encoding")
    if raw is None:
        return body
    name = headers.decode_header(raw, [], "").lower().split(";")[0].strip(" \"'")
    if name in {"", "7bit", "8bit", "binary", "7-bit", "8-bit", "7bits", "8bits", "plain", "none"}:
        return body
    squeezed = re.sub(r"[\s_-]", "", name)
    if squeezed in {"base64", "b64"}:
        if part.type.startswith("message/") and b":" in body[:200]:
            problems.append("a message declared as base64 is not")
            return body
        decoded, damaged = headers.decode_base64(body)
        if damaged and part.type.startswith("text/") and _is_prose(body):
            problems.append(f"{part.type}: declared as base64 but is not")
            return body
        if damaged:
            problems.append(f"{part.type}: damaged base64")
        return decoded
    if squeezed in {"quotedprintable", "qp", "quotedprinatble", "quoteprintable"}:
        return quoted_printable(body)
    if squeezed in {"xuuencode", "uuencode", "xuue", "uue"}:
        return _uudecode(body, problems)
    problems.append(f"unknown transfer encoding {name[:40]!r}, read as it stands")
    return body


def _is_prose(body: bytes) -> bool:
    """Whether a "base64" body is written in plain words: spaces inside its lines, nothing unprintable."""
    sample = body[:4000].strip()
    return (
        sample.isascii() and sum(b" " in line.strip() for line in sample.splitlines()) > len(sample.splitlines()) // 2
    )


def quoted_printable(body: bytes) -> bytes:
    """Undo quoted-printable; broken escapes stay as they are, which is what people can still read."""
    return binascii.a2b_qp(body)


def _uudecode(body: bytes, problems: list[str]) -> bytes:
    match = UUENCODED.search(body)
    if match is None and not UU_LINES.match(body.strip(b"\r\n")):
        problems.append("declared as uuencoded but is not")
        return body
    decoded = bytearray()
    for line in body[match.end() if match else 0 :].strip(b"\r\n").splitlines():
        if line.strip() in {b"end", b"`", b""}:
            break
        try:
            decoded += binascii.a2b_uu(line)
        except binascii.Error:
            # Trailing rubbish after the counted characters is common and harmless.
            length = ((((line[0] - 32) & 63) * 4) + 5) // 3
            try:
                decoded += binascii.a2b_uu(line[:length])
            except binascii.Error:
                problems.append("damaged uuencoded line left out")
    return bytes(decoded)


def uuencoded_files(text: bytes) -> tuple[bytes, list[Part]]:
    """A plain body without the files that old programs wrote into it ("begin 644 name … end"), and those as parts."""
    files: list[Part] = []
    kept: list[bytes] = []
    position = 0
    for match in itertools.islice(UUENCODED.finditer(text), MAX_UU_FILES):
        end = UU_END.search(text, match.end())
        if match.start() < position or end is None:
            continue
        lines = text[match.end() : end.start()].splitlines()
        if not lines or any(not UU_LINE.fullmatch(line) for line in lines):
            continue
        name = match[0].split(None, 2)[2].strip().decode("utf-8", "replace")
        block = text[match.start() : end.end()]
        files.append(
            Part(
                block,
                0,
                len(block),
                [("content-transfer-encoding", b" x-uuencode\n")],
                type="application/octet-stream",
                disposition="attachment",
                disposition_parameters={"filename": name},
            )
        )
        kept.append(text[position : match.start()])
        position = end.end()
    return b"".join([*kept, text[position:]]), files
