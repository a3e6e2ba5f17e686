"""What the person wrote this time."""

import pytest

from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.reply_text import reply_text


@pytest.mark.parametrize(
    "attribution",
    [
        "On Mon, 2 Mar 2026 at 09:30, Care Team <care@example.com> wrote:",
        "On 2 Mar 2026, at 09:30, Care Team\n<care@example.com>\nwrote:",
        "Am 02.03.2026 um 09:30 schrieb Care Team <care@example.com>:",
        "Am Mo., 2. März 2026 um 09:30 Uhr schrieb Care Team <\ncare@example.com>:",
        "Care Team <care@example.com> schrieb am 02.03.2026 um 09:30:",
        "Le lun. 2 mars 2026 à 09:30, Care Team <care@example.com> a écrit :",
        "El lun, 2 mar 2026 a las 9:30, Care Team (<care@example.com>) escribió:",
        "Il giorno lun 2 mar 2026 alle ore 09:30 Care Team <care@example.com> ha scritto:",
        "Op ma 2 mrt 2026 om 09:30 schreef Care Team <care@example.com>:",
        "Em seg., 2 de mar. de 2026 às 09:30, Care Team <care@example.com> escreveu:",
        "W dniu 2.03.2026 o 09:30, Care Team <care@example.com> napisał(a):",
        "Den mån 2 mars 2026 kl 09:30 skrev Care Team <care@example.com>:",
        "2026年3月2日(月) 9:30 Care Team <care@example.com>:",
        "-----Original Message-----\nFrom: Care Team\nSent: Monday\nSubject: Re: x",
        "-----Ursprüngliche Nachricht-----\nVon: Care Team\nGesendet: Montag\nBetreff: AW: x",
        "Von: Care Team <care@example.com>\nGesendet: Montag, 2. März 2026 09:30\nAn: Petra Lang\nBetreff: AW: x",
        "________________________________\nFrom: Care Team\nSent: Monday\nTo: Petra\nSubject: x",
        "De : Care Team\nEnvoyé : lundi 2 mars 2026\nÀ : Petra\nObjet : x",
        "*From:* Care Team\n*Date:* Monday\n*To:* Petra\n*Subject:* x",
        "## Please type your reply above this line ##",
    ],
)
@pytest.mark.parametrize("quote", ["> What we wrote\n> before", "What we wrote\nbefore"])
def test_the_answered_message_is_left_out(attribution: str, quote: str):
    assert (
        reply_text(f"The kettle still leaks.\nPlease call me.\n\n{attribution}\n\n{quote}\n")
        == "The kettle still leaks.\nPlease call me."
    )


@pytest.mark.parametrize(
    "signature",
    [
        "-- \nPetra Lang\n+49 221 1234567", "--\nPetra", "Sent from my iPhone", "Von meinem iPhone gesendet", "Get Outlook for iOS",
        "Gesendet mit der GMX Mail App", "Envoyé de mon iPhone", "Diese Nachricht wurde von meinem Android-Gerät gesendet.",
        "________________\nPetra Lang\nwww.example.org\nTel. +49 221 1234567",
    ],
)  # fmt: skip
def test_the_signature_is_left_out(signature: str):
    assert reply_text(f"The kettle still leaks.\n\n{signature}\n") == "The kettle still leaks."


@pytest.mark.parametrize(
    "text",
    [
        "On Monday I wrote:\nplease send a new one.\nNobody answered.",
        "On 3 May your colleague wrote:\n\nWe refund everything.\n\nNothing came.",
        "From: London\nto: Berlin\nmy parcel was lost",
        "First point\n--\nSecond point\n" + "\n".join(f"Point {number}, which is long" for number in range(20)),
        "Price list\n-----------\nkettle 20\nplate 5\n\nYou charged me 30.",
        "> everything is quoted",
        "Sent from my desk the parcel went to Leeds, not to York",
        "Am Montag schrieb ich:\nBitte melden Sie sich.",
    ],
)
def test_in_doubt_nothing_is_lost(text: str):
    assert reply_text(text) == text


def test_answers_between_quoted_lines_stay():
    text = "> When did it break?\n\nOn Friday.\n\n> Which model?\n\nThe K2.\n"
    assert reply_text(text) == "On Friday.\n\nThe K2."


def test_a_forwarded_message_stays():
    text = "See below.\n\n---------- Forwarded message ---------\nFrom: Shop <shop@example.org>\nSubject: Offer\n\n20 % off"
    assert reply_text(text) == text


def test_the_quotation_of_an_html_mail_is_known_by_its_container():
    raw = (
        b"From: a@e.org\r\nContent-Type: text/html\r\n\r\n<div>Still broken.</div><div class='gmail_quote'>"
        b"<div>On Mon, 2 Mar 2026 09:30, Care &lt;care@example.com&gt; wrote:</div><blockquote>We are sorry</blockquote></div>"
    )
    assert parse(raw).reply_text == "Still broken."
    outlook = (
        b"From: a@e.org\r\nContent-Type: text/html\r\n\r\n<p>Still broken.</p><div style='border:none;border-top:solid #E1E1E1 1.0pt'>"
        b"<p><b>From:</b> Care<br><b>Sent:</b> Monday<br><b>To:</b> Petra<br><b>Subject:</b> x</p></div><p>We are sorry</p>"
    )
    assert parse(outlook).reply_text == "Still broken."


@pytest.mark.parametrize(
    "banner",
    [
        "CAUTION: This email originated from outside of the organization. Do not click links or open attachments.",
        "[EXTERNAL] This message came from outside. Be careful with links and attachments.",
        "⚠ ACHTUNG: Diese E-Mail kommt von außerhalb. Öffnen Sie keine Anhänge von unbekannten Absendern.",
        "You don't often get email from petra@example.org. Learn why this is important",
        "ATTENTION : ce courriel provient d'un expéditeur externe. Ne cliquez pas sur les liens.",
        "Sent from my iPhone",
        "Gesendet mit der GMX Mail App",
    ],
)
def test_what_programs_put_above_the_message_is_left_out(banner: str):
    assert reply_text(f"\n{banner}\n\nMy kettle leaks.\n\nPetra") == "My kettle leaks.\n\nPetra"
    assert reply_text(banner) == banner


@pytest.mark.parametrize(
    "opening",
    [
        "Caution: the handle of your external boiler burns people.",
        "Warning! Do not buy here.",
        "Attention! I sent the parcel back from outside the country on Friday.",
        "Sent from my flat was the kettle, and never seen again by anybody.",
        "Achtung, externe Garantie abgelehnt.",
        "Warning: the links in your external newsletter are broken.",
        "[External disk] It clicks, and the attachment came off.",
        "Notice that I sent this from outside, and your driver did not open.",
    ],
)
def test_a_persons_own_opening_stays(opening: str):
    text = f"{opening}\n\nPlease call me."
    assert reply_text(text) == text


def test_a_line_of_arrows_is_decoration_and_no_quotation():
    text = "Look here:\n>>> https://example.org/kettle <<<\nand tell me what you see."
    assert reply_text(text) == text
