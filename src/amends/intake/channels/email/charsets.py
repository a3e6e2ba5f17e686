"""Bytes to text, whatever the mail claims about them.

A declared character set is a hint, not a fact: mailers say `us-ascii` and send UTF-8, say `iso-8859-1` and send
Windows-1252, or invent names. The order here is: what the bytes prove (byte order mark, valid UTF-8), then what was
declared, then a statistical guess. The result holds no NUL, no other control characters and no lone surrogates, so
that any database and any JSON reader takes it.
"""

import codecs
import re

# Names that Python does not know, or knows as something narrower than what mailers mean by them. The widening of
# iso-8859-1 to Windows-1252 and of the Asian sets to their vendor supersets follows the WHATWG encoding standard.
ALIASES = {
    "ascii": "cp1252", "us-ascii": "cp1252", "ansi_x3.4-1968": "cp1252", "646": "cp1252", "7bit": "cp1252",
    "iso-8859-1": "cp1252", "iso8859-1": "cp1252", "iso_8859-1": "cp1252", "latin1": "cp1252", "latin-1": "cp1252",
    "l1": "cp1252", "ansi": "cp1252", "windows-1252http-equivcontent-type": "cp1252", "iso-8859": "cp1252",
    "iso-8859-9": "cp1254", "latin5": "cp1254", "iso-8859-11": "cp874", "tis-620": "cp874", "windows-874": "cp874",
    "iso-8859-8-i": "iso8859-8", "iso-8859-8-e": "iso8859-8", "iso-8859-6-i": "iso8859-6",
    "gb2312": "gb18030", "gbk": "gb18030", "gb_2312-80": "gb18030", "x-gbk": "gb18030", "cp936": "gb18030",
    "euc-cn": "gb18030", "chinese": "gb18030", "hz-gb-2312": "hz", "big5": "big5hkscs", "x-x-big5": "big5hkscs",
    "big5-eten": "big5hkscs", "cn-big5": "big5hkscs",
    "ks_c_5601-1987": "cp949", "ks_c_5601": "cp949", "ksc5601": "cp949", "euc-kr": "cp949", "korean": "cp949",
    "5601": "cp949", "windows-949": "cp949",
    "shift_jis": "cp932", "shift-jis": "cp932", "x-sjis": "cp932", "sjis": "cp932", "windows-31j": "cp932",
    "x-euc-jp": "euc_jp", "iso-2022-jp-ms": "iso2022_jp_ext", "cp50220": "iso2022_jp_ext", "cp50221": "iso2022_jp_ext",
    "unicode-1-1-utf-7": "utf-7", "unicode-1-1-utf-8": "utf-8", "utf8mb4": "utf-8", "utf": "utf-8",
    "x-utf-8": "utf-8", "unicode": "utf-16", "x-user-defined": "cp1252",
    "x-mac-roman": "mac_roman", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "x-mac-ce": "mac_latin2",
    "x-cp1250": "cp1250", "x-cp1251": "cp1251", "x-cp1252": "cp1252", "cp-850": "cp850", "cp-1252": "cp1252",
    "koi8": "koi8_r", "koi": "koi8_r", "x-koi8-r": "koi8_r", "dos-720": "cp720", "ibm-850": "cp850",
}  # fmt: skip

# Text codecs of Python that no mail means, some of them slow or able to interpret escapes.
FORBIDDEN = {
    "idna", "punycode", "unicode_escape", "raw_unicode_escape", "undefined", "mbcs", "oem", "unicode_internal",
}  # fmt: skip

# Plain ASCII bytes mean something else in these, so the shortcut for ASCII must not be taken.
STATEFUL = ("iso2022", "iso-2022", "hz", "utf-7", "utf_7", "utf-16", "utf_16", "utf-32", "utf_32", "cp037", "cp500",
            "cp1140", "cp273", "cp424", "cp875", "cp1026")  # fmt: skip

BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# The second control block means nothing in mail: it is Windows-1252 that somebody decoded as Latin-1 before us.
C1 = {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}

SAMPLE_BYTES = 16 * 1024
UNWANTED = re.compile("[\x00-\x08\x0b\x0e-\x1f\x7f\ud800-\udfff]")
UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
UTF8_LONG = re.compile(rb"[\xe1-\xef][\x80-\xbf]{2}")
ISO_2022_ESCAPES = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_2"), (b"\x1b(J", "iso2022_jp_2"))


def clean(text: str) -> str:
    """Remove NUL, control characters and lone surrogates; line ends become "\\n"."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x0c", "\n").translate(C1)
    return UNWANTED.sub("", text)


def codec_of(declared: str | None) -> str | None:
    """The Python codec for a declared name, or None when nobody knows it (or nobody should)."""
    if not declared:
        return None
    name = declared.strip().removeprefix("charset=").strip("\"'<>").split("*")[0].split(";")[0].strip().lower()[:60]
    name = ALIASES.get(name, ALIASES.get(name.replace("_", "-"), name))
    try:
        found = codecs.lookup(name)
    except (LookupError, ValueError, UnicodeError):
        # Names like "windows1252" or "iso8859_15" with odd punctuation.
        squeezed = re.sub(r"^(?:x-)?(?:windows|win|cp|ms)[-_ ]?(?=\d)", "cp", name)
        try:
            found = codecs.lookup(squeezed)
        except (LookupError, ValueError, UnicodeError):
            return None
    # zlib, base64, rot13 and the like are codecs too, but not of text.
    if not getattr(found, "_is_text_encoding", True) or found.name in FORBIDDEN:
        return None
    return found.name


def decode_text(data: bytes, declared: str | None = None) -> tuple[str, str | None]:
    """Decode `data`; returns the cleaned text and a sentence about what was wrong with the claim, or None."""
    if not data:
        return "", None
    codec = codec_of(declared)
    unknown = f"unknown character set {shown(declared)}" if declared and codec is None else None
    marked = _by_mark(data)
    if marked is not None:
        return clean(marked), unknown
    stateful = codec is not None and codec.startswith(STATEFUL)
    if data.isascii() and not stateful:
        return _decode_ascii(data, unknown)
    if not stateful and (text := _as_utf8(data)) is not None:
        lied = codec not in {None, "utf-8"} and (_single_byte_or_ascii(codec) or _surely_utf8(data))
        if codec in {None, "utf-8"} or lied:
            return clean(text), unknown or (f"declared {shown(declared)} but is UTF-8" if lied else None)
    if codec is not None:
        text = _strictly(data, codec)
        if text is not None:
            ascii_claim = bool(declared) and codec_of_is_ascii(declared)
            return clean(text), f"declared {shown(declared)} but has 8-bit characters" if ascii_claim else None
    return _guess(data, declared, codec, unknown)


def shown(declared: str | None) -> str:
    """A declared name, short and printable, for a problem sentence."""
    return repr(clean(declared or "")[:40])


def codec_of_is_ascii(declared: str | None) -> bool:
    """Whether the declaration says plain ASCII (which we widen, and then say so)."""
    return (declared or "").strip().strip("\"'").lower() in {"ascii", "us-ascii", "ansi_x3.4-1968", "646", "7bit"}


def _by_mark(data: bytes) -> str | None:
    for mark, codec in BYTE_ORDER_MARKS:
        if data.startswith(mark):
            return data.decode(codec, "replace")
    return None


def _decode_ascii(data: bytes, unknown: str | None) -> tuple[str, str | None]:
    for escape, codec in ISO_2022_ESCAPES:
        if escape in data and (text := _strictly(data, codec)) is not None:
            return clean(text), unknown or f"escape sequences of {codec} without a matching character set"
    return clean(data.decode("ascii")), unknown


def _as_utf8(data: bytes) -> str | None:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _single_byte_or_ascii(codec: str | None) -> bool:
    """Whether the codec is a one-byte set: valid multi-byte UTF-8 there is practically always a wrong label."""
    return bool(codec) and str(codec).startswith(("cp125", "iso8859", "koi8", "mac", "latin", "cp437", "cp85", "cp86"))


def _surely_utf8(data: bytes) -> bool:
    """Whether valid UTF-8 is no coincidence even under the label of an Asian set: enough characters of three bytes."""
    return len(UTF8_LONG.findall(data[:SAMPLE_BYTES])) >= 4


def _vendor_japanese(data: bytes) -> str | None:
    """ISO-2022-JP with the characters that Windows and NEC added (circled digits, unit signs), by way of Shift_JIS."""
    pieces: list[str] = []
    double = False
    try:
        for piece in re.split(rb"(\x1b\$[@B]|\x1b\([BJ])", data):
            if piece.startswith(b"\x1b"):
                double = piece[1:2] == b"$"
            elif not double:
                pieces.append(piece.decode("ascii"))
            elif len(piece) % 2 or any(not 0x21 <= byte <= 0x7E for byte in piece):
                return None
            else:
                shifted = [value for pair in zip(piece[::2], piece[1::2], strict=True) for value in _shifted(*pair)]
                pieces.append(bytes(shifted).decode("cp932"))
    except UnicodeError:
        return None
    return "".join(pieces)


def _shifted(row: int, cell: int) -> tuple[int, int]:
    """One character of JIS X 0208 in the bytes of Shift_JIS."""
    lead = (row + 1) // 2 + (0x70 if row < 0x5F else 0xB0)
    if row % 2 == 0:
        return lead, cell + 0x7E
    return lead, cell + (0x1F if cell < 0x60 else 0x20)


def _strictly(data: bytes, codec: str) -> str | None:
    if codec in {"utf-16", "utf-32"} and not data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        codec = codec + _byte_order(data)
    candidates = [codec]
    if codec == "iso2022_jp":
        candidates += ["iso2022_jp_2", "iso2022_jp_ext", "iso2022_jp_2004"]
    for candidate in candidates:
        try:
            return data.decode(candidate)
        except (UnicodeError, ValueError):
            continue
    return _vendor_japanese(data) if codec.startswith("iso2022_jp") else None


def _byte_order(data: bytes) -> str:
    """UTF-16/32 without a mark: the side of the zero bytes tells, for every text with some ASCII in it."""
    sample = data[:4096]
    return "-le" if sample[1::2].count(0) >= sample[::2].count(0) else "-be"


def _guess(data: bytes, declared: str | None, codec: str | None, unknown: str | None) -> tuple[str, str | None]:
    claim = unknown or (f"bytes do not fit the declared {shown(declared)}" if declared else "no character set declared")
    mostly_utf8 = data.decode("utf-8", "replace")
    broken = mostly_utf8.count("\ufffd")
    sequences = len(UTF8_SEQUENCE.findall(data[: 4 * SAMPLE_BYTES]))
    if sequences > 2 * broken:
        return clean(mostly_utf8), f"{claim}; {broken} damaged characters replaced"
    if codec is not None and codec != "utf-8":
        text = data.decode(codec, "replace")
        # A lone cut or undefined byte should not throw away a declaration that explains all the rest.
        if text.count("\ufffd") <= 1 + len(data) // 50:
            return clean(text), f"{claim}; damaged characters replaced"
    guessed = _by_statistics(data)
    if guessed is not None:
        text = data.decode(guessed, "replace")
        return clean(text), f"{claim}; read as {guessed}"
    return clean(data.decode("cp1252", "replace")), f"{claim}; read as cp1252"


def _by_statistics(data: bytes) -> str | None:
    """charset-normalizer's best guess for a sample; short samples carry too little evidence for it."""
    high = sum(byte > 0x7F for byte in data[:SAMPLE_BYTES])
    if high < 12:
        return None
    from charset_normalizer import from_bytes  # slow to import, seldom needed

    best = from_bytes(data[:SAMPLE_BYTES], steps=5, chunk_size=512, enable_fallback=False).best()
    return None if best is None else codec_of(best.encoding)
