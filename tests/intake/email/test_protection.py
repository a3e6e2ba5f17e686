"""Signed and encrypted mail: said as such, readable where it can be, kept whole."""

import base64

import pytest

from amends.intake.channels.email.model import ProtectionScheme, ProtectionState
from amends.intake.channels.email.parsing import parse

INNER = b"Content-Type: text/plain; charset=utf-8\r\n\r\nMy kettle leaks.\r\n"


def length(content: bytes) -> bytes:
    """A DER length."""
    size = len(content)
    return bytes([size]) if size < 128 else bytes([0x82]) + size.to_bytes(2, "big")


def der(tag: int, content: bytes) -> bytes:
    """A DER element."""
    return bytes([tag]) + length(content) + content


def opaque(content: bytes) -> bytes:
    """The outside of a CMS signed-data structure around `content`, without certificates and signers."""
    plain = der(0x30, bytes.fromhex("06092a864886f70d010701") + der(0xA0, der(0x04, content)))
    data = der(0x30, der(0x02, b"\x01") + der(0x31, b"") + plain + der(0x31, b""))
    return der(0x30, bytes.fromhex("06092a864886f70d010702") + der(0xA0, data))


def multipart(kind: str, protocol: str, *parts: bytes) -> bytes:
    """A multipart mail of these whole parts."""
    head = (
        f'From: petra@example.org\r\nContent-Type: multipart/{kind}; protocol="{protocol}"; boundary=b\r\n\r\n'.encode()
    )
    return head + b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + b"--b--\r\n"


SIGNATURE = b"Content-Type: application/%s; name=%s\r\nContent-Transfer-Encoding: base64\r\n\r\nAQIDBA=="
PKCS7 = SIGNATURE % (b"pkcs7-signature", b"smime.p7s")
PGP = SIGNATURE % (b"pgp-signature", b"signature.asc")
ARMOURED = b"-----BEGIN PGP MESSAGE-----\r\n\r\nabc\r\n-----END PGP MESSAGE-----"
ENCRYPTED = b"Content-Type: application/octet-stream; name=encrypted.asc\r\n\r\n" + ARMOURED
PKCS7_HEAD = (
    b"From: a@e.org\r\nContent-Type: application/pkcs7-mime; smime-type=%s-data; name=smime.p7m\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n"
)
CLEAR = (
    b"From: petra@example.org\r\n\r\n-----BEGIN PGP SIGNED MESSAGE-----\r\nHash: SHA512\r\n\r\nMy kettle leaks.\r\n- -- \r\n"
    b"Petra\r\n-----BEGIN PGP SIGNATURE-----\r\n\r\nabc\r\n=x\r\n-----END PGP SIGNATURE-----\r\n"
)


@pytest.mark.parametrize(
    ("raw", "state", "scheme", "text", "files"),
    [
        (multipart("signed", "application/pkcs7-signature", INNER, PKCS7), "signed", "smime", "My kettle leaks.", ["smime.p7s"]),
        (multipart("signed", "application/pgp-signature", INNER, PGP), "signed", "pgp", "My kettle leaks.", ["signature.asc"]),
        (
            multipart("encrypted", "application/pgp-encrypted", b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1", ENCRYPTED),
            "encrypted", "pgp", "", ["attachment-1.bin", "encrypted.asc"],
        ),
        (
            PKCS7_HEAD % b"enveloped" + b"MIIB",
            "encrypted", "smime", "", ["smime.p7m"],
        ),
        (
            PKCS7_HEAD % b"signed" + base64.encodebytes(opaque(INNER)),
            "signed", "smime", "My kettle leaks.", ["smime.p7m"],
        ),
        (
            CLEAR,
            "signed", "pgp", "My kettle leaks.\n-- \nPetra", [],
        ),
        (
            b"From: petra@example.org\r\n\r\n" + ARMOURED,
            "encrypted", "pgp", "-----BEGIN PGP MESSAGE-----\n\nabc\n-----END PGP MESSAGE-----", [],
        ),
    ],
)  # fmt: skip
def test_protection_is_said_and_the_parts_are_kept(raw: bytes, state: str, scheme: str, text: str, files: list[str]):
    mail = parse(raw)
    assert mail.protection is not None
    assert (mail.protection.state.value, mail.protection.scheme.value) == (state, scheme)
    assert mail.text == text
    assert [one.name for one in mail.attachments] == files


def test_signed_around_encrypted_is_both():
    encrypted = multipart(
        "encrypted",
        "application/pgp-encrypted",
        b"Content-Type: application/pgp-encrypted\r\n\r\nVersion: 1",
        ENCRYPTED,
    )
    inner = encrypted.split(b"\r\n", 1)[1].replace(b"boundary=b", b"boundary=c").replace(b"--b", b"--c")
    mail = parse(multipart("signed", "application/pgp-signature", inner, PGP))
    assert mail.protection is not None
    assert (mail.protection.state, mail.protection.scheme) == (ProtectionState.BOTH, ProtectionScheme.PGP)


@pytest.mark.parametrize("cut", range(0, 120, 7))
def test_a_damaged_envelope_is_kept_as_a_file(cut: int):
    damaged = opaque(INNER)[:cut] + b"\xff" * 5
    mail = parse(PKCS7_HEAD % b"signed" + base64.encodebytes(damaged))
    assert mail.attachments[0].data == damaged
    assert mail.protection is not None


def test_ordinary_mail_is_not_protected():
    assert parse(b"From: a@e.org\r\n\r\nhello").protection is None
    certificate = b"From: a@e.org\r\nContent-Type: application/pkcs7-mime; smime-type=certs-only\r\n\r\nx"
    assert parse(certificate).protection is None
