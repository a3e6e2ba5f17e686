"""Reports that servers write in their own words, and what only looks like one."""

import pytest

from amends.intake.channels.email.model import MailKind
from amends.intake.channels.email.parsing import parse

REPORTS = {
    "exchange": (
        ("From: System Administrator <postmaster@example.net>\nTo: care@example.com\nSubject: Undeliverable: your kettle\n\nYour message\n"
        "\n  To:      petra@example.org\n  Subject: your kettle\n\ndid not reach the following recipient(s):\n\n"
        "petra@example.org on Mon, 2 Mar 2026\n    The recipient name is not recognized\n"),
        "petra@example.org",
    ),
    "quoted administrator": (
        ('From: <"System Administrator"@example.net>\nTo: care@example.com\nSubject: Delivery Failure\n\nCould not deliver message to '
        "the following recipient(s):\n\nFailed Recipient: petra@example.org\nReason: Remote host said: 550 unknown user\n"),
        "petra@example.org",
    ),
    "failed recipients": (
        ("From: MX_SMTP_Mail_Service@example.net\nTo: care@example.com\nSubject: Returned Mail - Error During Delivery\n\n"
        "------ Failed Recipients ------\n\n<petra@example.org>: mailbox unavailable. [SMTP Error Code 550]\n"),
        "petra@example.org",
    ),
    "french": (
        ("From: service@example.net\nTo: care@example.com\nSubject: RE: your kettle : non remis (de care)\n\n"
        "Votre message n'a pas pu etre delivre a\npetra@example.org\n\nYour message could not be delivered to\npetra@example.org\n"),
        "petra@example.org",
    ),
    "own address first": (
        ("From: Mail Delivery System <mailer-daemon@example.net>\nTo: care@example.com\nSubject: Email Delivery Failure\n\n"
        "This says that an email care@example.com addressed to email address :\n-- petra@example.org\n\ncould not be delivered.\n"),
        "petra@example.org",
    ),
    "x.400": (
        ("From: System Administrator <postmaster@example.net>\nTo: care@example.com\nSubject: Undeliverable: x\n\nYour message\n"
        "  To: petra\n"
        "did not reach the following recipient(s):\n\nc=US;a= ;p=X;dda:SMTP=petra@example.org; on Mon\n    Unknown Recipient\n"),
        "petra@example.org",
    ),
    "list server": (
        ("From: kettles-admin@example.net\nTo: care@example.com\nSubject: You care@example.com are not member (tea)\nX-MLServer: fml\n\n"
        "You are not a member of this mailing list <kettles@example.net>.\n"),
        "kettles@example.net",
    ),
    "dead address": (
        ("From: noreply@example.net\nReturn-Path: <>\nAuto-Submitted: auto-replied\nSubject: AutoRespons: x\n\n"
        "This email inbox petra@example.org is no longer in use.\n"),
        "petra@example.org",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_in_words_is_a_bounce_of_its_recipient(name: str):
    raw, recipient = REPORTS[name]
    mail = parse(raw.encode())
    assert mail.kind is MailKind.BOUNCE
    assert mail.bounce is not None
    assert mail.bounce.recipient == recipient
    assert mail.bounce.hard
    assert not mail.answerable


def test_a_postponed_message_is_a_notice():
    mail = parse(
        b"From: <Postmaster\\@example.net@example.net>\nTo: care@example.com\nSubject: Mail Delivery Warning\n\n"
        b"This is an advisory-only email.\n"
        b'Delivery of email to this address\n"petra@example.org"\nhas been postponed due to a full mailbox.\n'
        b"We will continue to try to deliver your message.\n"
    )
    assert mail.kind is MailKind.DELIVERY_NOTICE


def test_a_rejected_message_of_a_full_mailbox_is_a_soft_bounce():
    mail = parse(
        b"From: Mail Delivery Subsystem <admin@example.net>\nSubject: Automatically rejected mail\n"
        b"Content-Type: multipart/report; boundary=b\n\n--b\n\n"
        b"Your message to <petra@example.org> was automatically rejected:\nQuota exceeded\n--b\n"
        b"Content-Type: message/disposition-notification\n\n"
        b"Final-Recipient: rfc822; petra@example.org\nDisposition: automatic-action/MDN-sent-automatically; deleted\n--b--\n"
    )
    assert mail.kind is MailKind.BOUNCE
    assert mail.bounce is not None
    assert (mail.bounce.recipient, mail.bounce.hard) == ("petra@example.org", False)


def test_the_reader_who_unsubscribes_by_a_click_is_noted():
    raw = b"From: p@example.org\nSubject: unsubscribe\nAuto-Submitted: auto-replied\nX-Apple-Unsubscribe: true\n\nApple Mail sent this"
    assert parse(raw).kind is MailKind.DELIVERY_NOTICE


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Delivery failed", "Hello, my parcel was not delivered.\nThe driver said: address does not exist."),
        ("Undeliverable parcel", "Your driver left a note: recipient unknown. I live here for ten years!"),
        ("Mail problem", "I wrote to you three times. Each time: 550 mailbox unavailable. Please repair it."),
        ("Mail error in your shop", "The shop says that my e-mail address does not exist. It does: petra@example.org"),
        ("Rejected: my claim", "You rejected my claim. The reason given was: not found."),
        ("Re: Undelivered Mail Returned to Sender", "What does this mean? I only wanted to complain about a kettle."),
        (
            "Fwd: Delivery Status Notification (Failure)",
            "See below, your address is broken.\n\n> 550 5.1.1 user unknown <care@example.com>",
        ),
        ("Your inbox", "Is this inbox no longer in use? Nobody answers."),
        ("Receipt for my return", "I returned the kettle, see the receipt. It was refused by your driver."),
        ("Warning: message from your bank?", "I got this and want to know whether it is from you."),
        ("Message delivery", "The delivery of my message in a bottle was fine, the bottle was not found intact."),
        (
            "Delivery failed again",
            "Delivery failed again. Delivery to this address is not possible, says the driver. Returned to sender.",
        ),
        ("Zustellung fehlgeschlagen", "Mein Paket konnte nicht zugestellt werden: Adresse unbekannt. Das ist falsch."),
        (
            "Unzustellbar",
            "Der Brief konnte nicht zugestellt werden: falsche Adresse. Ich bin erreichbar: petra@example.net",
        ),
        ("Échec de livraison", "Votre livreur : n'a pas pu être délivré. Je suis furieuse."),
        ("No entregado", "No se pudo entregar mi paquete. Escriban a petra@example.net"),
        (
            "Delivery report missing",
            "The parcel did not reach the following recipient: Petra Lang, petra@example.net. Not delivered.",
        ),
        (
            "Undelivered Mail Returned to Sender",
            "I get this whenever I write to you: <help@example.com>: 550 5.1.1 user unknown.",
        ),
        (
            "Re: Undelivered Mail Returned to Sender",
            "What is this?\n\n> This is the mail system at host mx.example.net.\n> <help@example.com>: 550 5.1.1 user unknown",
        ),
    ],
)
def test_a_customer_who_writes_of_deliveries_is_a_customer(subject: str, text: str):
    assert parse(f"From: Petra <petra@example.org>\nSubject: {subject}\n\n{text}".encode()).kind is MailKind.MESSAGE


@pytest.mark.parametrize(
    ("sender", "subject", "text"),
    [
        (
            "postmaster@example.org",
            "Problem with your shop",
            "We run our own mail. Your shop refuses our address: user unknown, 550. Ann",
        ),
        (
            "postmaster@example.org",
            "Delivery of order 12 failed",
            "Hello, our order could not be delivered. Where is it? Ann",
        ),
        ("System Administrator <it@example.org>", "Your invoice", "Our user is unknown to you. The delivery failed."),
        ("delivery@example.org", "Delivery failed", "Your delivery to us failed: rejected at the gate, returned."),
    ],
)
def test_a_person_may_sit_behind_the_name_of_a_machine(sender: str, subject: str, text: str):
    assert parse(f"From: {sender}\nSubject: {subject}\n\n{text}".encode()).kind is MailKind.MESSAGE


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        (
            "Unzustellbar: Ihr Kessel",
            "Fehler bei der Nachrichtenzustellung an folgende Empfänger:\n\npetra@example.org\n550 5.1.10",
        ),
        (
            "Non remis : Votre bouilloire",
            "Échec de la remise à ces destinataires :\n\npetra@example.org\nintrouvable 550 5.1.10",
        ),
        (
            "No se puede entregar: Su tetera",
            "No se pudo entregar el mensaje a estos destinatarios:\n\npetra@example.org\n550 5.1.10",
        ),
        ("Kan inte levereras: Kittel", "Leveransen misslyckades för dessa mottagare:\n\npetra@example.org\n550 5.1.10"),
        (
            "Niedostarczalne: Czajnik",
            "Dostarczenie do następujących adresatów nie powiodło się:\n\npetra@example.org\n550 5.1.10",
        ),
        ("配信不能: やかん", "次の受信者への配信に失敗しました:\n\npetra@example.org\n550 5.1.10"),
        ("无法送达: 水壶", "向这些收件人传递邮件失败:\n\npetra@example.org\n550 5.1.10"),
    ],
)
def test_a_report_of_exchange_is_known_in_other_languages(subject: str, text: str):
    raw = f"Return-Path: <>\nFrom: Microsoft Outlook <postmaster@example.net>\nSubject: {subject}\n\n{text}".encode()
    mail = parse(raw)
    assert mail.kind is MailKind.BOUNCE
    assert mail.bounce is not None
    assert (mail.bounce.recipient, mail.bounce.status, mail.bounce.hard) == ("petra@example.org", "5.1.10", True)


def test_a_report_that_a_person_forwards_with_its_parts_is_the_persons_message():
    raw = (
        "From: {sender}\nSubject: {subject}\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nYour address does not work!\n--b\n"
        "Content-Type: message/delivery-status\n\nFinal-Recipient: rfc822; care@example.com\nAction: failed\nStatus: 5.1.1\n--b--\n"
    )
    person = parse(raw.format(sender="petra@example.org", subject="WG: Unzustellbar: Kessel").encode())
    assert person.kind is MailKind.MESSAGE
    server = parse(raw.format(sender="mailer-daemon@example.net", subject="Unzustellbar: Kessel").encode())
    assert server.kind is MailKind.BOUNCE


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply is useless", "Auto: engine broken", "Abwesend bei Lieferung", "Away from home on Friday",
        "On vacation I broke my leg", "OOO what a mess", "Absent du bureau de poste", "Out of office chair order",
        "Fuera de oficina cerrada", "Autoreply loop", "Re: Automatic reply: your mail",
    ],
)  # fmt: skip
def test_a_customer_who_writes_of_absence_is_a_customer(subject: str):
    assert parse(f"From: petra@example.org\nSubject: {subject}\n\nRead me.".encode()).kind is MailKind.MESSAGE


@pytest.mark.parametrize(
    "subject",
    [
        "Automatic reply: Kettle", "Out of Office", "Out of Office Re: Kettle", "Automatische Antwort: Kessel",
        "Réponse automatique : Théière",
        "Odpowiedź automatyczna: Czajnik", "[Automatyczna odpowiedź] Czajnik", "Automatikus válasz: Kanna", "Răspuns automat: Ceainic",
        "Автоматична відповідь: Чайник", "Αυτόματη απάντηση: Βραστήρας", "Automatski odgovor: Čajnik",
        "自動応答: やかん", "자동 회신: 주전자",
    ],
)  # fmt: skip
def test_an_automatic_answer_is_known_by_its_title_alone(subject: str):
    assert parse(f"From: petra@example.org\nSubject: {subject}\n\nAway.".encode()).kind is MailKind.AUTO_REPLY


def test_bulk_without_a_sender_to_return_to_is_a_program_that_answers():
    head = "Return-Path: <>\nFrom: petra@example.org\nPrecedence: bulk\nSubject: Thank you for your mail\n"
    assert parse(f"{head}\nI will read it soon.".encode()).kind is MailKind.AUTO_REPLY
    assert parse(f"{head}List-Id: <tea.example.org>\n\nNews.".encode()).kind is MailKind.LIST
