"""Rich text as Outlook keeps it: compressed (MS-OXRTFCP), and with HTML or plain words inside. To plain text.

Only what is needed to read a message that came without any other text: paragraphs, tabs, characters by code page or
number; fonts, colours, pictures and everything marked as skippable are left out.
"""

import re
import struct

from amends.intake.channels.email.charsets import clean, decode_text

MAX_RAW = 8 * 1024 * 1024
PRELOAD = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans "
    b"SerifSymbolArialTimes New RomanCourier{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
TOKEN = re.compile(
    rb"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-fA-F]{2})|\\([^a-z0-9\r\n])|([{}])|[\r\n]+|([^\\{}\r\n]{1,65536})"
)
# Groups whose content is no text of the message.
SILENT = {b"fonttbl", b"colortbl", b"stylesheet", b"info", b"pict", b"header", b"footer", b"htmltag", b"mhtmltag", b"generator",
          b"object", b"objdata", b"themedata", b"listtable", b"listoverridetable", b"xmlnstbl", b"datastore", b"fldinst"}  # fmt: skip
BREAKS = {b"par": "\n", b"line": "\n", b"sect": "\n", b"page": "\n", b"row": "\n", b"tab": "\t", b"cell": "\t",
          b"emdash": "—", b"endash": "–", b"lquote": "‘", b"rquote": "’", b"ldblquote": "“", b"rdblquote": "”",
          b"bullet": "•"}  # fmt: skip


def decompress(data: bytes) -> bytes:
    """The rich text in compressed or stored form; what can be read of damaged data, empty when nothing can."""
    if len(data) < 16:
        return b""
    _size, raw_size, kind = struct.unpack_from("<II4s", data)
    if kind == b"MELA":
        return data[16 : 16 + min(raw_size, MAX_RAW)]
    if kind != b"LZFu":
        return b""
    window = bytearray(PRELOAD.ljust(4096, b"\x00"))
    write = len(PRELOAD)
    out = bytearray()
    position = 16
    while position < len(data) and len(out) < min(raw_size, MAX_RAW):
        control = data[position]
        position += 1
        for bit in range(8):
            if not control & (1 << bit):
                if position >= len(data):
                    return bytes(out)
                piece = data[position : position + 1]
                position += 1
            else:
                if position + 1 >= len(data):
                    return bytes(out)
                reference = (data[position] << 8) | data[position + 1]
                position += 2
                offset, length = reference >> 4, (reference & 0xF) + 2
                if offset == write:
                    return bytes(out)
                piece = _copied(window, offset, length, write)
            for byte in piece:
                window[write] = byte
                write = (write + 1) % 4096
            out += piece
    return bytes(out)


def _copied(window: bytearray, offset: int, length: int, write: int) -> bytes:
    """Bytes out of the window, which may run into those that this very reference writes."""
    piece = bytearray()
    for step in range(length):
        source = (offset + step) % 4096
        behind = (source - write) % 4096
        piece.append(piece[behind] if behind < len(piece) else window[source])
    return bytes(piece)


def to_text(rich: bytes) -> str:
    """The words of rich text."""
    reader = _Reader(rich)
    for match in TOKEN.finditer(rich[:MAX_RAW]):
        reader.take(match)
    joined = reader.text().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return re.sub(r"\n{3,}", "\n\n", clean(joined)).strip()


class _Reader:
    """Collects words from tokens; `_skip` counts the replacement characters after a character given by number."""

    def __init__(self, rich: bytes) -> None:
        found = re.search(rb"\\ansicpg(\d{1,5})", rich[:500])
        self._code_page = f"cp{found[1].decode()}" if found else "cp1252"
        self._pieces: list[str] = []
        self._encoded = bytearray()
        self._stack: list[tuple[bool, int]] = []
        self._silent, self._skip_length, self._skip = False, 1, 0

    def take(self, match: re.Match[bytes]) -> None:
        word, number, code, symbol, brace, words = match.groups()
        if code is not None:
            self._coded(int(code, 16))
            return
        self._flush()
        if brace is not None:
            self._group(opening=brace == b"{")
        elif word is not None:
            self._control(word, number)
        elif symbol == b"*":
            self._silent = True
        elif not self._silent and symbol is not None:
            self._pieces.append(
                {b"~": " ", b"_": "-"}.get(symbol, symbol.decode("latin-1") if symbol in b"\\{}" else "")
            )
        elif not self._silent and words is not None:
            text = words.decode("latin-1")
            self._pieces.append(text[self._skip :])
            self._skip = max(0, self._skip - len(text))

    def _coded(self, byte: int) -> None:
        if self._skip:
            self._skip -= 1
        elif not self._silent:
            self._encoded.append(byte)

    def _flush(self) -> None:
        if self._encoded:
            self._pieces.append(decode_text(bytes(self._encoded), self._code_page)[0])
            self._encoded.clear()

    def _group(self, *, opening: bool) -> None:
        if opening:
            self._stack.append((self._silent, self._skip_length))
        else:
            self._silent, self._skip_length = self._stack.pop() if self._stack else (False, 1)
            self._skip = 0

    def _control(self, word: bytes, number: bytes | None) -> None:
        if word in SILENT:
            self._silent = True
        elif word == b"htmlrtf":
            self._silent = number != b"0"
        elif word == b"uc":
            self._skip_length = min(int(number or 1), 100)
        elif not self._silent and word == b"u" and number is not None:
            self._pieces.append(chr(int(number) % 65536))
            self._skip = self._skip_length
        elif not self._silent and word in BREAKS:
            self._pieces.append(BREAKS[word])

    def text(self) -> str:
        """All words so far."""
        self._flush()
        return "".join(self._pieces)
