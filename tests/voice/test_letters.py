"""Every letter sounds like a person, promises days and not "soon", admits nothing, and never has a gap."""

from __future__ import annotations

import re
import tomllib
from html.parser import HTMLParser
from typing import Any

import pytest

from amends.voice.letterfile import KINDS, LETTERS, Letter, language_for, languages, letter
from amends.voice.phrasebook import phrases
from amends.voice.rendering import MissingValueError, render, render_letter

FULL: dict[str, Any] = {
    "name": "Maya Okafor",
    "reference": "AM-2026-000017",
    "portal_url": "https://care.example.org/p/abc/",
    "product": "Aria One",
    "about": "your purchase",
    "feeling": "When you buy something, you want to use it.",
    "points": ["“stopped working after the update”", "“nobody answered my e-mail”"],
    "wish": "I want my money back",
    "answer_by": "Friday 6 March 2026",
    "author_name": "Lena Example",
    "author_line": "Team lead, Northlight",
    "author_phone": "+44 20 7946 0001",
    "organisation": "Northlight",
    "summary": "I have read your three mails and spoken to the workshop.",
    "remedies": ["A new Aria One", "The price back: £199.00"],
    "always": ["A written apology"],
    "choose": "yes",
    "steps": ["We send the new speaker, between 9 and 11 March (Bob Example)"],
    "conditions": "the old speaker comes back to us in the same box.",
    "new_contact": "Bob Example",
    "reason": "The loudspeaker driver was from a batch that was returned by others, too.",
    "resolved_on": "Monday 9 March 2026",
    "survey_url": "https://care.example.org/s/abc/",
    "yes_url": "https://care.example.org/c/abc/?solved=yes",
    "no_url": "https://care.example.org/c/abc/?solved=no",
    "decision": "I agree with you on both points.",
    "done": ["The refund of £199.00 left our bank on 4 March"],
    "promises": ["The shop in London gets a new lamp by 20 March"],
    "rights": "You can go to the ombudsman within six months.",
    "promise": "We send the new speaker",
    "old_due": "Monday 9 March 2026",
    "new_due": "Thursday 12 March 2026",
    "late": "yes",
    "words": "It crackles again",
    "regime": "FCA complaints rules (DISP)",
    "regime_by": "Wednesday 27 May 2026",
    "unit": "London shop",
    "own_words": "I have spoken to the workshop in person. They keep a new Aria One ready for you.",
    "delegate": "Lena Example",
    "parts": ["Friday 24 April 2026: “you paid the wrong account”", "Wednesday 27 May 2026: “nobody answered”"],
}
NEEDED = {
    "acknowledgement": {"feeling"},
    "proposal": {"summary", "remedies"},
    "handoff_notice": {"new_contact"},
    "survey": {"resolved_on", "survey_url"},
    "check_in": {"resolved_on", "yes_url", "no_url"},
    "resolution": {"decision"},
    "delay_notice": {"promise", "old_due", "new_due", "reason"},
    "reopened": set[str](),
    "clock_split": {"parts"},
    "date_changed": {"old_due", "new_due"},
    "leadership_letter": {"unit", "own_words"},
}
ALWAYS = {"reference", "portal_url", "author_name"}
ACKNOWLEDGEMENTS = ("acknowledgement-serious", "acknowledgement-frank", "acknowledgement-privacy")
VARIANTS = (*ACKNOWLEDGEMENTS, "leadership_letter-mourning")
NEEDED |= dict.fromkeys(ACKNOWLEDGEMENTS, NEEDED["acknowledgement"])
NEEDED |= {"leadership_letter-mourning": NEEDED["leadership_letter"]}
EVERY = [(kind, language) for kind in (*KINDS, *VARIANTS) for language in ("en", "de")]

HOLLOW = {
    "en": [
        r"\bunfortunately\b",
        r"\bregret",
        r"inconvenience",
        r"\bpolicy\b",
        r"\bpolicies\b",
        r"calm down",
        r"you'?ll have to",
        r"\byou have to\b",
        r"you should have",
        r"you must",
        r"as i told you",
        r"already told",
        r"you'?re wrong",
        r"i don'?t know",
        r"nothing i can do",
        r"your call is important",
        r"valued customer",
        r"take our survey",
        r"why didn'?t you",
        r"we apologi[sz]e",
        r"any (trouble|upset)",
        r"user error",
        r"as soon as possible",
        r"\bsoon\b",
        r"shortly",
        r"in due course",
        r"asap",
        r"\bif you feel\b",
        r"department",
        r"do not hesitate",
        r"promptly",
        r"in a timely",
    ],
    "de": [
        r"\bleider\b",
        r"unannehmlichkeit",
        r"richtlinie",
        r"beruhigen sie",
        r"sie müssen (?!nicht)",
        r"hätten sie",
        r"schnellstmöglich",
        r"zeitnah",
        r"umgehend",
        r"baldmöglichst",
        r"in kürze",
        r"\bbald\b",
        r"selbst schuld",
        r"bedienfehler",
        r"nicht zuständig",
        r"abteilung",
        r"bedauern",
        r"sofern sie",
        r"etwaige",
    ],
}
ADMISSIONS = {
    "en": [
        r"our (fault|mistake|error|failure)",
        r"we (failed|were wrong|made a mistake)",
        r"\bi (failed|was wrong)\b",
        r"\bliab",
        r"guilt",
        r"negligen",
        r"\bblame",
        r"to be at fault",
        r"mea culpa",
    ],
    "de": [
        r"unser (fehler|versagen|versäumnis)",
        r"unsere schuld",
        r"wir haben (versagt|versäumt|einen fehler)",
        r"\bhaft",
        r"schuld",
        r"fahrlässig",
        r"mein fehler",
    ],
}
APOLOGY = {"en": r"\b(sorry|apolog)", "de": r"(tut mir leid|entschuldig)"}


def own_words(kind: str, language: str) -> str:
    """What the file itself says, without the values put in."""
    return re.sub(r"\{[a-z_]+\}", "…", (LETTERS / f"{kind}.{language}.toml").read_text().split("[[", 1)[1]).lower()


class _Checker(HTMLParser):
    """Tags that are opened and closed in order, and which they are."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_file_is_a_letter_of_a_known_kind_in_both_languages() -> None:
    names = {path.name for path in LETTERS.glob("*.toml")}
    assert names == {f"{kind}.{language}.toml" for kind in (*KINDS, *VARIANTS, "closing") for language in ("en", "de")}
    assert languages() == ("de", "en")


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_letter_with_everything_reads_whole_in_text_and_html(kind: str, language: str) -> None:
    done = render(kind, language, FULL)
    assert done.language == language
    assert "AM-2026-000017" in done.subject
    for words in (done.text, done.html):
        assert "Lena Example" in words
        assert "https://care.example.org/p/abc/" in words
        assert not re.search(r"\{[a-z_]+\}", words)
    assert "\n\n\n" not in done.text
    checker = _Checker()
    checker.feed(done.html)
    assert checker.open == []
    assert checker.seen <= {"div", "p", "ul", "ol", "li", "a", "br", "blockquote"}


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_what_is_not_needed_may_be_missing(kind: str, language: str) -> None:
    done = render(kind, language, {name: FULL[name] for name in ALWAYS | NEEDED[kind]})
    assert done.subject
    assert ",," not in done.text
    assert "  " not in done.text


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_missing_needed_value_stops_the_letter(kind: str, language: str) -> None:
    for name in ALWAYS | NEEDED[kind]:
        for nothing in (None, "", "  ", []):
            with pytest.raises(MissingValueError, match=name):
                render(kind, language, {**FULL, name: nothing})


@pytest.mark.parametrize(("kind", "language"), [*EVERY, ("closing", "en"), ("closing", "de")])
def test_no_letter_uses_hollow_phrases_or_admits_guilt(kind: str, language: str) -> None:
    words = own_words(kind, language)
    for pattern in HOLLOW[language] + ADMISSIONS[language]:
        assert not re.search(pattern, words), f"{kind}.{language}: {pattern}"


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_sentences_for_feelings_admit_nothing_and_do_not_apologise_again(language: str) -> None:
    book = phrases(language)
    for sentence in [*book.feeling.values(), *book.about.values()]:
        for pattern in [*HOLLOW[language], *ADMISSIONS[language], APOLOGY[language]]:
            assert not re.search(pattern, sentence.lower()), f"{sentence}: {pattern}"
    assert book.feeling["other"]
    assert set(book.about) == set(phrases("en").about)


@pytest.mark.parametrize(("kind", "language"), EVERY)
def test_a_letter_apologises_at_most_once_and_speaks_as_one_person(kind: str, language: str) -> None:
    done = render(kind, language, {**FULL, "always": ["A gift card"]})
    body = done.text.lower()
    assert len(re.findall(APOLOGY[language], body)) <= 1
    assert re.search(r"\b(i|my|me)\b" if language == "en" else r"\b(ich|mir|mich)\b", body)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_acknowledgement_thanks_apologises_reads_back_and_says_who_and_when(language: str) -> None:
    done = render("acknowledgement", language, FULL)
    for part in (
        "stopped working after the update",
        "I want my money back",
        "Friday 6 March 2026",
        "+44 20 7946 0001",
        "1. ",
        "3. ",
    ):
        assert part in done.text
    assert ("Thank you" if language == "en" else "vielen Dank") in done.text
    assert len(re.findall(APOLOGY[language], done.text.lower())) == 1


def test_whatever_a_customer_wrote_is_only_words_in_the_html() -> None:
    evil = '<script>alert(1)</script> {author_phone} {0} %s & "x"'
    done = render("acknowledgement", "en", {**FULL, "name": evil, "points": [evil], "wish": evil})
    assert "<script" not in done.html
    assert "&lt;script&gt;" in done.html
    assert "{author_phone}" in done.html
    assert evil in done.text


def test_a_link_must_be_an_address() -> None:
    with pytest.raises(MissingValueError, match="no address"):
        render("proposal", "en", {**FULL, "portal_url": "javascript:alert(1)"})


def test_a_subject_is_one_line() -> None:
    done = render("acknowledgement", "en", {**FULL, "product": "Aria\r\nBcc: all@example.org"})
    assert "\n" not in done.subject
    assert "\r" not in done.subject


def test_an_unknown_language_falls_back_and_an_unknown_kind_is_refused() -> None:
    assert render("survey", "fr-CA", FULL).language == "en"
    assert render("survey", "de_AT", FULL).language == "de"
    assert language_for("xx", "DE-ch", "en") == "de"
    with pytest.raises(ValueError, match="no letter"):
        letter("../closing", "en")


def test_a_wrong_file_is_refused() -> None:
    good = tomllib.loads((LETTERS / "survey.en.toml").read_text())
    for change in ({"block": [{"p": "a", "quote": "b"}]}, {"block": []}, {"block": [{"link": "a"}]}, {"extra": 1}):
        with pytest.raises(ValueError, match="validation error"):
            Letter.model_validate({**good, **change})
    no_subject = Letter.model_validate({**good, "subject": []})
    with pytest.raises(MissingValueError, match="subject"):
        render_letter(no_subject, FULL)
