"""Steps 1 to 6: complaints arrive in four ways, are registered, assessed, timed, acknowledged and routed."""

from __future__ import annotations

import csv
from email.message import EmailMessage
from email.utils import make_msgid
from typing import Any

from playwright.sync_api import expect

from tests.faults.running import wait_until
from tests.journeys.story import Story, kinds, moment
from tests.journeys.system import MAILBOX, Letter

MAYA, JUERGEN, OLIVIA, PAST = "maya@example.org", "juergen.weiss@example.org", "olivia@example.org", "past@example.org"
MAYAS_WORDS = (
    "My Aria One stopped working after the update to 3.2. I have waited nine days and nobody answered my e-mail. "
    "The app shows a red light and nothing else. I want my money back."
)
PICTURE = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c4890000000d49444154789c636060606000"
    "0000050001a5f645400000000049454e44ae426082".replace(" ", "")
)


def by_program(story: Story) -> None:
    """A program registers Maya's complaint, twice with the same key; Alice's open page shows it and alerts her at once."""
    page = story.sign_in("alice")
    expect(page.get_by_role("heading", name="No complaint has come in yet")).to_be_visible()
    page.wait_for_timeout(800)  # the stream of news is open when the page has been there for a moment
    body = {
        "channel": "api",
        "complainant": {"name": "Maya Okafor", "email": MAYA, "phone": "+44 7700 900123", "language": "en"},
        "subject": "Speaker stopped working after the update",
        "text": MAYAS_WORDS,
        "product": "aria-one",
        "attributes": {"firmware": "3.2"},
        "unit": "london",
        "desired_outcome": "Money back",
    }
    first = story.system.call("POST", "/complaints", body, key="partner-4711")
    assert first.status == 201, first.body
    assert first.body["created"] is True
    story.maya = first.body["reference"]
    assert story.maya.startswith("AM-")
    expect(page.locator("#toasts")).to_contain_text(story.maya)
    expect(page.get_by_role("link", name="Speaker stopped working after the update")).to_be_visible()
    expect(page.locator("#alert-count")).to_contain_text("1")

    again = story.system.call("POST", "/complaints", body, key="partner-4711")
    assert again.status in (200, 201)
    assert (again.body["reference"], again.body["created"]) == (story.maya, False)
    other = story.system.call("POST", "/complaints", {**body, "text": "Something else."}, key="partner-4711")
    assert other.status == 409


def germans_mail(message_id: str) -> bytes:
    """A mail as an older German program writes it: Latin-1, with a photo and a log with an umlaut in its name."""
    mail = EmailMessage()
    mail["From"] = "Jürgen Weiß <juergen.weiss@example.org>"
    mail["To"] = f"Kundendienst <{MAILBOX}>"
    mail["Subject"] = "Beschwerde: Kopfhörer knistert und niemand meldet sich"
    mail["Message-ID"] = message_id
    mail.set_content(
        "Guten Tag,\n\nmein Kopfhörer knistert seit drei Wochen so laut, dass ich nichts mehr höre. Auf zwei Anrufe hat "
        "niemand zurückgerufen. Ich bin sehr enttäuscht und möchte ein neues Gerät.\n\nMit freundlichen Grüßen\nJürgen Weiß\n",
        charset="iso-8859-1",
    )
    mail.add_attachment(PICTURE, maintype="image", subtype="png", filename="Kopfhörer.png")
    mail.add_attachment("Tag 1: Knistern\nTag 2: lauter\n", filename="Geräusche.txt")
    return mail.as_bytes()


def by_mail(story: Story) -> None:
    """Jürgen writes a mail; the relay brings it twice, and it becomes one complaint with his umlauts and files."""
    message_id = make_msgid(domain="example.org")
    raw = germans_mail(message_id)
    assert story.system.send_mail(raw, sender=JUERGEN)
    letter = story.system.wait_for_letter(JUERGEN)
    assert story.system.send_mail(raw, sender=JUERGEN)
    story.juergen = only_reference(story, "Kopfhörer")
    case = story.read(story.juergen)
    assert "so laut, dass ich nichts mehr höre" in case["text"]
    assert case["complainant"]["name"] == "Jürgen Weiß"
    files = {one["name"]: one for one in case["messages"][0]["attachments"]}
    assert set(files) == {"Kopfhörer.png", "Geräusche.txt"}
    assert (files["Kopfhörer.png"]["content_type"], files["Kopfhörer.png"]["bytes"]) == ("image/png", len(PICTURE))
    assert letter.mail["In-Reply-To"] == message_id
    german_acknowledgement(story, letter)
    story.system.wait_for_quiet()
    assert only_reference(story, "Kopfhörer") == story.juergen
    assert len(story.system.letters(JUERGEN)) == 1


def only_reference(story: Story, words: str) -> str:
    """The reference of the one complaint that is found with these words."""
    found = story.system.call("GET", f"/complaints?q={words.replace('ö', '%C3%B6').replace(' ', '+')}")
    assert found.status == 200, found.body
    assert len(found.body["items"]) == 1, found.body["items"]
    return str(found.body["items"][0]["reference"])


def german_acknowledgement(story: Story, letter: Letter) -> None:
    assert "Beschwerde" in letter.subject
    assert story.juergen in letter.subject
    assert "Guten Tag Jürgen Weiß" in letter.text
    assert "knistert" in letter.text
    assert "Es tut mir leid" in letter.text
    page = story.visit(locale="de-DE")
    page.goto(letter.link("/p/"))
    expect(page.get_by_text(story.juergen).first).to_be_visible()
    expect(page.get_by_role("heading", name="So weit sind wir")).to_be_visible()


def by_form(story: Story) -> None:
    """Olivia finds the form, writes what happened, and follows the link to her own page."""
    page = story.visit()
    page.goto("/complain/")
    page.get_by_label("What happened?").fill(
        "I was charged twice for one pair of headphones and nobody at the London shop could tell me when the second "
        "payment comes back. It has been two weeks. I am really disappointed."
    )
    page.get_by_label("What would you like us to do?").fill("Pay back the second charge.")
    page.get_by_label("Is it about one of our shops?").select_option("london")
    page.get_by_label("Photos or documents").set_input_files(
        [{"name": "receipt.png", "mimeType": "image/png", "buffer": PICTURE}]
    )
    page.get_by_label("Your name").fill("Olivia Hart")
    page.get_by_label("Your e-mail address").fill(OLIVIA)
    page.wait_for_timeout(3_100)  # nobody reads and fills in the form faster
    page.get_by_role("button", name="Send my complaint").click()
    expect(page.get_by_role("heading", name="Thank you. Your complaint has arrived.")).to_be_visible()
    story.olivia = page.locator(".reference").first.inner_text()
    case = story.system.wait_for(story.olivia, phase="acknowledged")
    assert (case["channel"], case["unit"]) == ("web", "london")
    assert [one["name"] for one in case["messages"][0]["attachments"]] == ["receipt.png"]
    letter = story.system.wait_for_letter(OLIVIA)
    page.goto(letter.link("/p/"))
    expect(page.get_by_text("Pay back the second charge").or_(page.get_by_text(story.olivia)).first).to_be_visible()


def by_import(story: Story) -> None:
    """Complaints of the past come from a file: the bad row is told with its line, nobody is written to, again is known."""
    folder = story.system.data.parent
    path, errors = folder / "past.jsonl", folder / "past.errors.csv"
    path.write_text(
        '{"id": "p1", "text": "The charger broke after a week.", "complainant": {"name": "Paul Past", '
        f'"email": "{PAST}"}}, "received_at": "2025-03-04T10:00:00+00:00", "phase": "closed", "outcome": "upheld", '
        '"outcome_reason": "Replaced."}\n'
        '{"id": "p2", "text": "No parcel came.", "phase": "dancing"}\n'
        f'{{"id": "p3", "text": "The shop was rude to me.", "complainant": {{"email": "{PAST}"}}}}\n',
        encoding="utf-8",
    )
    words = ("import", str(path), "--format", "jsonl", "--errors", str(errors))
    done = story.system.amends(*words)
    assert done.returncode == 3, done.stderr
    assert "2 imported" in done.stdout
    with errors.open(newline="", encoding="utf-8") as file:
        (refused,) = csv.DictReader(file)
    assert "2" in refused.values()
    assert any("dancing" in str(value) for value in refused.values())
    story.system.amends(*words)  # it goes on where it stopped, which is the end: `only_reference` would see two
    case = story.read(only_reference(story, "charger"))
    assert (case["phase"], case["outcome"], case["received_at"][:10]) == ("closed", "upheld", "2025-03-04")
    assert story.system.letters(PAST) == []


def assessed_with_reasons(story: Story) -> None:
    """Every judgement has its reason; language decides who can read the words."""
    for reference, language, team in (
        (story.maya, "en", "care"), (story.juergen, "de", "care-de"), (story.olivia, "en", "care")
    ):  # fmt: skip
        case = story.system.wait_for(reference, phase="acknowledged")
        assert case["assessment"]["label"] == "complaint"
        assert case["assessment"]["language"] == language
        assert case["assessment"]["category"]
        assert case["assessment"]["severity"] in (1, 2, 3, 4)
        assert case["team"] == team
        reasons = {one["field"]: one["because"] for one in case["assessment_reasons"]["reasons"]}
        assert all(reasons.get(name) for name in ("language", "label", "category", "severity", "sentiment")), reasons
        assert case["points"]
        assert {"registered", "assessed"} <= set(kinds(case)), kinds(case)
    maya = story.read(story.maya)
    assert any("stopped working" in point["words"] for point in maya["points"])
    assert maya["attributes"] == {"firmware": "3.2"}
    assert maya["product"] == "Aria One"


def timed_with_whys(story: Story) -> None:
    """The clocks of both packs run, each says why; the first one was kept."""
    case = story.read(story.maya)
    clocks: dict[tuple[str, str], dict[str, Any]] = {(one["pack"], one["kind"]): one for one in case["clocks"]}
    assert {pack for pack, _ in clocks} == {"house", "uk-fca-disp"}
    assert all(len(one["why"]) > 20 and one["source"] for one in case["clocks"])
    first = clocks["house", "acknowledge"]
    assert first["state"] == "met"
    assert (moment(first["due"]) - moment(first["started_at"])).total_seconds() == 300
    assert moment(case["acknowledged_at"]) < moment(first["due"])
    answer = next(one for (pack, _), one in clocks.items() if pack == "house" and one is not first)
    assert answer["state"] == "running"
    assert "Europe/London" in answer["why"] or "London" in answer["why"]
    weeks = max(moment(one["due"]) - moment(one["started_at"]) for one in case["clocks"] if one["pack"] != "house")
    assert 55 <= weeks.days <= 57


def acknowledged_personally(story: Story) -> None:
    """One letter, about what she wrote, from a person, with a way to go on."""
    (letter,) = story.system.letters(MAYA)
    assert "Aria One" in letter.subject
    assert story.maya in letter.subject
    assert "Hello Maya Okafor" in letter.text
    assert "stopped working" in letter.text
    assert "sorry" in letter.text
    assert "thank" in letter.text.lower()
    assert "care+" in letter.reply_to
    assert letter.reply_to != MAILBOX
    page = story.visit()
    page.goto(letter.link("/p/"))
    expect(page.get_by_role("heading", name="Your complaint about Aria One")).to_be_visible()
    case = story.read(story.maya)
    (sent,) = [one for one in case["messages"] if one["kind"] == "acknowledgement"]
    assert (sent["state"], f"<{sent['message_id']}>") == ("sent", letter.message_id)
    wait_until(lambda: len(story.system.letters(MAYA)) == 1, 1, "one letter only")
