"""The shapes in which mail programs put the message that is answered: own letters in many programs' and languages' forms."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from amends.intake.channels.email.parsing import parse
from amends.intake.channels.email.reply_text import reply_text

SHAPES: dict[str, Any] = tomllib.loads(Path(__file__).with_name("reply_shapes.toml").read_text(encoding="utf-8"))
ANSWER = "The kettle still leaks.\nPlease call me before Friday."
QUOTED = "> Dear Petra,\n>\n> we are sorry about the kettle.\n>\n> Care Team"
PLAIN = "Dear Petra,\n\nwe are sorry about the kettle.\n\nCare Team"

# Lines that end with a verb or an address; above marked and unmarked quotations.
ATTRIBUTIONS = SHAPES["attributions"]

# Header blocks and titles; the words of the answered message follow unmarked.
BLOCKS = SHAPES["blocks"]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_the_line_above_a_marked_quotation_goes_with_it(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{QUOTED}\n") == ANSWER
    assert reply_text(f"{ANSWER}\n\n{above}\n{QUOTED}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_the_line_above_an_unmarked_quotation_ends_the_answer(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{PLAIN}\n") == ANSWER


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
def test_an_answer_below_a_marked_quotation_is_found(attribution: str):
    above = attribution.replace("|", "\n")
    assert reply_text(f"{above}\n{QUOTED}\n\n{ANSWER}\n") == ANSWER


@pytest.mark.parametrize("block", BLOCKS)
def test_a_header_block_or_title_ends_the_answer(block: str):
    above = block.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{above}\n\n{PLAIN}\n") == ANSWER
    assert (
        reply_text(f"{ANSWER}\n\nKind regards\nPetra\n\n\n{above}\n\n{QUOTED}\n") == f"{ANSWER}\n\nKind regards\nPetra"
    )


DEVICES = SHAPES["devices"]


@pytest.mark.parametrize("device", DEVICES)
def test_the_note_of_a_device_is_left_out(device: str):
    assert reply_text(f"{ANSWER}\n\n{device}\n") == ANSWER
    assert (
        reply_text(
            f"{ANSWER}\n\n{device}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n"
        )
        == ANSWER
    )


SIGNATURES = SHAPES["signatures"]


@pytest.mark.parametrize("signature", SIGNATURES)
def test_what_is_surely_a_signature_is_left_out(signature: str):
    below = signature.replace("|", "\n")
    assert reply_text(f"{ANSWER}\n\n{below}\n") == ANSWER
    assert (
        reply_text(
            f"{ANSWER}\n\n{below}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n"
        )
        == ANSWER
    )


KEPT = SHAPES["kept"]


@pytest.mark.parametrize("kept", KEPT)
def test_a_persons_own_words_stay(kept: str):
    own = kept.replace("|", "\n")
    assert reply_text(own) == own
    assert reply_text(f"{own}\n\nOn Mar 2, 2026, at 9:30 AM, Care Team <care@example.com> wrote:\n\n{QUOTED}\n") == own


def test_own_empty_lines_are_kept_and_gaps_of_quotations_become_one():
    text = "First.\n\n\n\nSecond.\n\n> asked\n> more\n\n\n\nThird."
    assert reply_text(text) == "First.\n\n\n\nSecond.\n\nThird."


def test_answers_between_and_below_are_found_together():
    text = (
        "On Mon, Mar 2, 2026 at 9:30 AM Care <care@example.com> wrote:\n\n> When did it break?\n\nOn Friday.\n\n> Which model?\n"
        "The K2.\n>\n> Care\n\n-- \nPetra\n"
    )
    assert reply_text(text) == "On Friday.\n\nThe K2."


def test_an_answer_on_the_line_of_the_attribution_is_kept():
    assert (
        reply_text("Yes please. On Mon, Mar 2, 2026 at 9:30 AM, care@example.com wrote:\n> new one?") == "Yes please."
    )


def test_the_tail_of_a_quoted_line_that_was_wrapped_without_a_mark_goes_too():
    text = (
        "No.\n\nOn Mon, 2 Mar 2026, Care wrote:\n> "
        "we would like to know whether you would take a new one instead of"
        "\nthe money\n> or not\n"
    )
    assert reply_text(text) == "No."


def test_a_forward_title_inside_a_quotation_is_part_of_the_quotation():
    text = f"{ANSWER}\n\nOn Mon, 2 Mar 2026 at 09:30, Care <care@example.com> wrote:\n> See below.\n> Begin forwarded message:\n> more\n"
    assert reply_text(text) == ANSWER


def test_what_the_subject_calls_forwarded_stays():
    block = (
        "From: Petra <petra@example.org>\nSent: Monday, March 2, 2026 9:30 AM\nTo: Shop\nSubject: Kettle\n\nIt leaks."
    )
    for prefix, stays in (("FW", True), ("WG", True), ("RE", False), ("AW", False)):
        reply = parse(
            f"From: shop@example.com\r\nSubject: {prefix}: Kettle\r\n\r\nPlease look.\n\n{block}".encode()
        ).reply_text
        assert ("It leaks." in reply) is stays
        assert reply.startswith("Please look.")


HTML: dict[str, str] = SHAPES["html"]


@pytest.mark.parametrize("name", HTML)
def test_a_programs_own_markup_ends_the_answer(name: str):
    answer = "The kettle still leaks.<br>Please call me before Friday."
    body = HTML[name].replace("{A}", answer).replace("{Q}", "Dear Petra,<br>we are sorry.")
    mail = parse(
        f"From: p@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>{body}</body></html>".encode()
    )
    assert mail.reply_text == ANSWER
    assert "we are sorry" in mail.text
    assert "\ue0f1" not in mail.text + mail.reply_text
    assert "\ue0f2" not in mail.text + mail.reply_text


@pytest.mark.parametrize(
    "container",
    [
        'class="gmail_signature"',
        'id="Signature"',
        'class="moz-signature"',
        'id="ms-outlook-mobile-signature"',
        'class="protonmail_signature_block"',
    ],
)
def test_a_programs_own_signature_is_left_out_wherever_it_stands(container: str):
    body = f"<div>My kettle leaks.</div><div {container}><div>Petra Lang</div><div>Head of Tea</div></div><div>And call me.</div>"
    mail = parse(f"From: p@example.org\r\nContent-Type: text/html\r\n\r\n{body}".encode())
    assert mail.reply_text == "My kettle leaks.\n\nAnd call me."
    assert mail.text == "My kettle leaks.\nPetra Lang\nHead of Tea\nAnd call me."


def test_a_message_that_is_all_signature_stays():
    mail = parse(b"From: p@example.org\r\nContent-Type: text/html\r\n\r\n<div class=gmail_signature>Petra Lang</div>")
    assert mail.reply_text == "Petra Lang"


def test_the_html_tells_where_the_plain_version_lost_its_marks():
    plain = "The kettle still leaks.\nPlease call me before Friday.\n\nDear Petra,\nwe are sorry."
    html = (
        HTML["outlook.com"].replace("{A}", ANSWER.replace("\n", "<br>")).replace("{Q}", "Dear Petra,<br>we are sorry.")
    )
    raw = (
        "From: p@example.org\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\n"
        f"{plain}\r\n--b\r\nContent-Type: text/html\r\n\r\n{html}\r\n--b--\r\n"
    )
    assert parse(raw.encode()).reply_text == ANSWER


def test_marks_in_a_strangers_text_mean_nothing():
    raw = "From: p@example.org\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nfirst\n\ue0f1\nsecond \ue0f2third"
    mail = parse(raw.encode())
    assert mail.reply_text == "first\n\nsecond third"
    html = parse(
        "From: p@example.org\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>first</p><p>\ue0f1</p><p>\ue0f2second</p>".encode()
    )
    assert html.reply_text.split() == ["first", "second"]


def test_a_contact_form_or_letter_that_answers_nothing_keeps_its_short_header():
    form = "New message\n\nFrom: Petra <petra@example.org>\nDate: 2 March 2026 9:30\nSubject: Complaint\n\nMy kettle leaks."
    letter = "Dear team,\n\nFrom: Leeds\nTo: York\nDate: 2 March 2026\nSubject: parcel\n\nIt is lost."
    for text in (form, letter):
        assert parse(f"From: shop@example.com\r\nSubject: Contact\r\n\r\n{text}".encode()).reply_text == text
    answered = parse(f"From: shop@example.com\r\nSubject: Re: Contact\r\n\r\n{form}".encode())
    assert answered.reply_text == "New message"
    complete = form.replace("Subject:", "To: shop@example.com\nSubject:")
    assert parse(f"From: shop@example.com\r\nSubject: Contact\r\n\r\n{complete}".encode()).reply_text == "New message"
