"""Signed and encrypted mail: recognised by its form (RFC 8551, RFC 3156, RFC 9580 armour), never verified or decrypted.

What a signature covers stays readable: clear-signed text loses its armour, and the mail inside an opaque S/MIME signature
is taken out of its envelope. Signatures and encrypted data stay attachments, byte for byte.
"""

import re

from amends.intake.channels.email import headers, structure
from amends.intake.channels.email.model import Protection, ProtectionScheme, ProtectionState

ARMOUR = re.compile(r"^-----BEGIN PGP (SIGNED MESSAGE|MESSAGE)-----[ \t]*$", re.MULTILINE)
SIGNATURE_BLOCK = re.compile(
    r"^-----BEGIN PGP SIGNATURE-----[ \t]*\n(?:.{0,200}\n){0,500}?-----END PGP SIGNATURE-----[ \t]*$", re.MULTILINE
)
ARMOUR_HEADER = re.compile(r"^(?:Hash|Charset|Version|Comment|NotDashEscaped):.{0,200}$")
PKCS7_MIME = {"application/pkcs7-mime", "application/x-pkcs7-mime"}
PKCS7_SIGNATURE = {"application/pkcs7-signature", "application/x-pkcs7-signature"}
# DER: SEQUENCE { OID signedData, [0] …; inside it the OID of plain data and the content.
SIGNED_DATA = bytes.fromhex("06092a864886f70d010702")
PLAIN_DATA = bytes.fromhex("06092a864886f70d010701")
MAX_OCTET_STRINGS = 100_000


def of_mail(parts: list[structure.Part], text: str) -> Protection | None:
    """What the parts and the text say; `parts` are all parts of the mail, without those of attached messages."""
    found: dict[ProtectionScheme, set[ProtectionState]] = {}
    for part in parts:
        told = _of_part(part)
        if told is not None:
            found.setdefault(told[0], set()).add(told[1])
    armour = ARMOUR.search(text[:200_000])
    if armour is not None:
        state = ProtectionState.SIGNED if armour[1] == "SIGNED MESSAGE" else ProtectionState.ENCRYPTED
        found.setdefault(ProtectionScheme.PGP, set()).add(state)
    for scheme, states in found.items():
        return Protection(ProtectionState.BOTH if len(states) > 1 else next(iter(states)), scheme)
    return None


def _of_part(part: structure.Part) -> tuple[ProtectionScheme, ProtectionState] | None:
    protocol = part.parameters.get("protocol", "").lower()
    name = (part.parameters.get("name") or part.disposition_parameters.get("filename") or "").lower()
    if part.type == "multipart/encrypted":
        return ProtectionScheme.PGP, ProtectionState.ENCRYPTED
    if part.type == "multipart/signed":
        pgp = "pgp" in protocol or any(child.type == "application/pgp-signature" for child in part.children)
        return (ProtectionScheme.PGP if pgp else ProtectionScheme.SMIME), ProtectionState.SIGNED
    if part.type in PKCS7_SIGNATURE:
        return ProtectionScheme.SMIME, ProtectionState.SIGNED
    if part.type in PKCS7_MIME or (part.type == "application/octet-stream" and name == "smime.p7m"):
        return _of_envelope(part)
    return None


def _of_envelope(part: structure.Part) -> tuple[ProtectionScheme, ProtectionState] | None:
    kind = part.parameters.get("smime-type", "").lower()
    if kind in {"certs-only", "compressed-data"}:
        return None
    signed = kind == "signed-data" or (not kind and SIGNED_DATA in structure.content(part, [])[:64])
    return ProtectionScheme.SMIME, ProtectionState.SIGNED if signed else ProtectionState.ENCRYPTED


def clear_text(text: str) -> str:
    """The words between the armour lines of a clear-signed text; any other text as it is."""
    begin = ARMOUR.search(text)
    if begin is None or begin[1] != "SIGNED MESSAGE":
        return text
    end = SIGNATURE_BLOCK.search(text, begin.end())
    inside = text[begin.end() : end.start() if end else len(text)].lstrip("\n").split("\n")
    while inside and ARMOUR_HEADER.match(inside[0]):
        inside.pop(0)
    words = "\n".join(line.removeprefix("- ") for line in inside).strip("\n")
    return "\n".join(
        piece for piece in (text[: begin.start()].rstrip("\n"), words, text[end.end() :] if end else "") if piece
    )


def signed_content(part: structure.Part) -> bytes | None:
    """The mail inside an opaque S/MIME signature, or None when this part is none or cannot be opened."""
    if part.type not in PKCS7_MIME and part.type != "application/octet-stream":
        return None
    data = structure.content(part, [])
    if data.lstrip().startswith(b"-----BEGIN"):
        data, _damaged = headers.decode_base64(b"".join(data.strip().splitlines()[1:-1]))
    if SIGNED_DATA not in data[:64]:
        return None
    at = data.find(PLAIN_DATA)
    if at < 0:
        return None
    found = _element(data, at + len(PLAIN_DATA))
    if found is None or found[0] != 0xA0:
        return None
    return _octets(data, found[1], found[2])


def _element(data: bytes, position: int) -> tuple[int, int, int] | None:
    """Tag, start and end of the content of the DER or BER element at `position`; the end is -1 when indefinite."""
    if position + 2 > len(data):
        return None
    tag, length, position = data[position], data[position + 1], position + 2
    if length == 0x80:
        return tag, position, -1
    if length > 0x80:
        count = length & 0x7F
        if count > 4 or position + count > len(data):
            return None
        length, position = int.from_bytes(data[position : position + count], "big"), position + count
    return tag, position, min(position + length, len(data))


def _octets(data: bytes, position: int, end: int) -> bytes:
    """The octet string in a content element, whole or in pieces."""
    collected = bytearray()
    for _piece in range(MAX_OCTET_STRINGS):
        found = _element(data, position) if end < 0 or position < end else None
        if found is None or found[0] not in {0x04, 0x24}:
            break
        tag, start, stop = found
        if tag == 0x24:  # constructed: its pieces follow
            position = start
            continue
        collected += data[start:stop]
        position = stop
    return bytes(collected)
