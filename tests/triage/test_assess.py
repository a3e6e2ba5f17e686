"""What an assessment says about single messages: the borders, each with its reason."""

from __future__ import annotations

import json

import pytest

from amends.triage.assess import assess, mood


def because(text: str, field: str) -> str:
    return " ".join(reason.because for reason in assess(text).reasons if reason.field == field)


@pytest.mark.parametrize(
    "text",
    [
        "The radio is no longer broken, it plays well.",
        "There was never a problem with the delivery.",
        "Nobody was injured and nothing was damaged.",
        "Die Heizung ist nicht mehr kaputt.",
        "Es gab keine Störung mehr.",
        "Your team restored the connection at once, thank you!",
    ],
)
def test_a_negated_or_solved_problem_is_no_complaint(text: str) -> None:
    said = assess(text)
    assert said.label == "other", said.reasons
    assert not said.safety


@pytest.mark.parametrize(
    "text",
    [
        "You have still not repaired the broken lamp.",
        "The problem has not been solved.",
        "I will be angry until this is fixed: the lamp is broken.",
        "Thank you for your help last week, but the lamp is broken again.",
        "Das Problem ist immer noch nicht behoben.",
    ],
)
def test_words_of_solution_that_are_denied_do_not_solve_anything(text: str) -> None:
    assert assess(text).label == "complaint", assess(text).reasons


@pytest.mark.parametrize(
    "text",
    [
        "My old supplier lost every second parcel and was rude on the phone. I would like to switch to you.",
        "Mein alter Anbieter war furchtbar. Ich möchte gern zu Ihnen wechseln.",
        "Please disregard my complaint, I found the parcel.",
        "Ich ziehe meine Beschwerde zurück.",
        "What happens if the screen is broken after two years?",
        "I dropped the phone and the screen is cracked. What does a repair cost?",
        "I recorded you through your webcam; send bitcoin or your contacts will see it. You will suffer.",
        "I am out of the office until Monday. Problems? Please write to my colleague.",
    ],
)
def test_others_imagined_withdrawn_and_unwanted_messages_are_no_complaints(text: str) -> None:
    said = assess(text)
    assert said.label == "other", said.reasons
    assert said.severity == 1
    assert said.points == ()


def test_the_reason_says_why_a_found_problem_does_not_count() -> None:
    assert "negated" in because("The radio is no longer broken.", "label")
    assert "somebody else" in because("My old provider was terrible.", "label")


def test_what_follows_but_after_a_thank_you_counts() -> None:
    said = assess("Everything is working again now, but you charged me twice for it.")
    assert said.label == "complaint"
    assert said.category == "billing"


def test_harm_in_words_of_its_own_is_a_point_of_its_own() -> None:
    said = assess("The kettle leaked and scalded my arm.")
    assert [(point.words, point.aspect) for point in said.points] == [
        ("The kettle leaked", "goods_quality"),
        ("scalded my arm", "safety"),
    ]
    assert said.severity == 4


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I am not hurt, but the lamp is broken.", False),
        ("Could it catch fire if I leave it on?", False),
        ("That price shock at the food court is a joke. You charged me twice.", False),
        ("Smoke came out of the plug.", True),
        ("Aus dem Gerät kam Rauch.", True),
        ("You closed my account and I don't want to live any more.", True),
    ],
)
def test_safety_counts_real_danger_only_and_every_sign_of_despair(text: str, expected: bool) -> None:
    assert assess(text).safety is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We waited an hour at the food court of your mall.", False),
        ("The police took the report. Your van hit my fence.", False),
        ("Pay me back or you will hear from my lawyer.", True),
        ("I have complained to the ombudsman: you lost my parcel.", True),
        ("Sonst gehe ich damit zur Presse. Das Paket ist weg.", True),
        ("Das Gerät ist defekt, die Verbraucherzentrale weiß Bescheid.", True),
    ],
)
def test_law_and_press_count_but_not_their_namesakes(text: str, expected: bool) -> None:
    assert assess(text).legal_or_media is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My daughter likes the toy, but the box was damaged.", False),
        ("The toy exploded next to my daughter.", True),
        ("I am deaf and your only contact is a telephone number. Nobody answers e-mails.", True),
        ("Ich bin blind und Ihre neue App funktioniert nicht mit der Sprachausgabe.", True),
        ("There is a blind spot in your tracking: the parcel is lost.", False),
    ],
)
def test_vulnerable_is_about_people_now_and_children_only_in_harm(text: str, expected: bool) -> None:
    assert assess(text).vulnerable is expected


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("You still have not paid back the 1,450 euros.", 3),
        ("You still have not paid back the 1.450,00 €.", 3),
        ("You still have not paid back the 14.50 euros.", 2),
        ("The internet has been down for four months.", 3),
        ("All my savings have been taken from the account.", 4),
        ("Meine gesamten Ersparnisse sind weg.", 4),
    ],
)
def test_severity_knows_sums_durations_and_ruin(text: str, severity: int) -> None:
    assert assess(text).severity == severity, assess(text).reasons


def test_the_subject_counts_but_is_not_quoted_as_a_point() -> None:
    said = assess("Please call me back.", subject="Re: Formal complaint: broken lamp")
    assert said.label == "complaint"
    assert all(point.words in "Please call me back." for point in said.points)


def test_quoted_lines_are_the_words_of_somebody_else() -> None:
    said = assess("Thank you, that helps.\n\n> We are sorry that the lamp is broken and that nobody answered you.\n")
    assert said.label == "other"


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ma commande n'est jamais arrivée et personne ne répond.", "fr"),
        ("Mi televisor no funciona y nadie contesta a mis correos.", "es"),
        ("Il pacco non è mai arrivato, sono molto deluso.", "it"),
        ("Het pakket is niet aangekomen en niemand reageert.", "nl"),
        ("Paczka nie dotarła od dwóch tygodni, nikt nie odpowiada.", "pl"),
    ],
)
def test_five_more_languages_are_known_well_enough_to_see_a_complaint(text: str, language: str) -> None:
    said = assess(text)
    assert (said.language, said.label) == (language, "complaint")
    assert said.points


def test_a_language_without_word_lists_goes_to_a_person() -> None:
    said = assess("我的包裹两个星期前就应该到了，但是到现在还没有收到。")
    assert (said.language, said.label, said.probability) == ("zh", "complaint", 0.5)
    assert "no word lists" in " ".join(reason.because for reason in said.reasons)


def test_every_field_that_is_not_plain_has_its_reason_with_the_words() -> None:
    said = assess("The kettle burned my hand. I am blind. My solicitor will call. I want a refund.")
    told = {reason.field for reason in said.reasons}
    assert {"language", "label", "category", "severity", "sentiment", "safety", "vulnerable", "legal_or_media"} <= told
    assert {"points", "desired_outcome", "probability"} <= told
    assert "burned my" in because("The kettle burned my hand.", "safety")


def test_an_assessment_is_json() -> None:
    told = json.loads(json.dumps(assess("The lamp is broken. I want my money back.").as_json()))
    assert list(told) == [
        "language", "category", "severity", "sentiment", "safety", "vulnerable", "legal_or_media", "label",
        "probability", "points", "desired_outcome", "reasons",
    ]  # fmt: skip
    assert told["points"] == [{"words": "The lamp is broken", "aspect": "goods_quality"}]
    assert told["desired_outcome"] == "I want my money back"


@pytest.mark.parametrize(
    "text",
    [
        "I am furious: the heating failed again and nobody calls back.",
        "Die Lieferung kam zu spät, ich bin sehr enttäuscht.",
        "Thank you, everything is wonderful!",
        "",
        "?",
    ],
)
def test_the_mood_alone_is_the_sentiment_of_the_whole_assessment(text: str) -> None:
    assert mood(text) == assess(text).sentiment
