"""The linear model: what is shipped is what is loaded, its card says what its training measured, and it costs next to nothing."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from amends.triage.assess import assess
from amends.triage.learned import model as loading
from amends.triage.learned.features import BUCKETS, features, model_words, passages
from amends.triage.learned.model import DESCRIPTION, UNHAPPY, WEIGHTS, DamagedModelError, Description, model, read_model
from amends.triage.learned.signals import SIGNALS
from amends.triage.text import Text
from amends.triage.training.card import card
from amends.triage.training.sources import moods, own, own_sentences, vocabulary
from amends.triage.values import ASPECTS

ROOT = Path(__file__).resolve().parents[2]


def described() -> Description:
    return Description.model_validate_json(DESCRIPTION.read_bytes())


def test_the_shipped_weights_are_those_the_description_speaks_of() -> None:
    assert hashlib.sha256(WEIGHTS.read_bytes()).hexdigest() == described().sha256
    assert model().description == described()
    assert set(model().aspects) == set(ASPECTS)
    assert set(described().blend) == set(SIGNALS)


def test_the_card_is_what_the_description_says() -> None:
    assert (ROOT / "docs/reference/model-card.md").read_text(encoding="utf-8") == card(described()), (
        "run make model-card"
    )


def test_the_low_threshold_keeps_the_recall_that_was_aimed_at() -> None:
    figures = described().figures
    assert figures["own"]["recall_low"] >= 0.98
    assert figures["unseen"]["cfpb"]["recall_low"] >= 0.98
    assert 0 < described().low < described().high < 1


def test_weights_of_another_model_are_refused(tmp_path: Path) -> None:
    (tmp_path / "model.bin").write_bytes(WEIGHTS.read_bytes() + b"x")
    with pytest.raises(DamagedModelError):
        read_model(tmp_path / "model.bin", DESCRIPTION)


def test_an_own_model_that_cannot_be_read_does_not_stop_assessments(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("AMENDS_MODEL", str(tmp_path))
    loading.model.cache_clear()
    try:
        assert model().description == described()
        assert "cannot be used" in caplog.text
    finally:
        loading.model.cache_clear()


def test_an_own_model_is_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = json.loads(DESCRIPTION.read_text(encoding="utf-8")) | {"version": "ours"}
    (tmp_path / "model.json").write_text(json.dumps(changed), encoding="utf-8")
    (tmp_path / "model.bin").write_bytes(WEIGHTS.read_bytes())
    monkeypatch.setenv("AMENDS_MODEL", str(tmp_path))
    loading.model.cache_clear()
    try:
        assert model().description.version == "ours"
    finally:
        loading.model.cache_clear()


def test_assessing_needs_no_library_of_numbers() -> None:
    code = (
        "import sys; from amends.triage.assess import assess; assess('The kettle leaks.');"
        "print(sorted({'numpy', 'scipy', 'sklearn'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT / "src")
    assert run.stdout.strip() == "[]"


def test_signs_digits_redactions_and_case_make_no_difference_to_the_model() -> None:
    one = model_words(Text("I PAID 45.20 on XX/XX/XXXX and didn't get it!").forms)
    other = model_words(Text("i paid 9 on and didnt get it").forms)
    assert one == other


def test_every_number_of_a_feature_has_its_weight() -> None:
    whole, parts = features(("grüße", "paket", "\ud83d"))
    assert whole
    assert parts
    assert all(0 <= number < BUCKETS for number in whole | parts)


def test_a_long_text_is_cut_into_whole_sentences_and_costs_little() -> None:
    story = "We waited for the technician all day. " * 40_000
    begun = time.perf_counter()
    assess(story)
    assert time.perf_counter() - begun < 6, "bounded by the characters that are looked at, also on a busy machine"
    found = passages(Text("One two three. " * 100))
    assert all(len(one.words) <= 45 for one in found)
    assert passages(Text("?!… 😀")) == []


def test_the_model_says_which_words_it_went_by() -> None:
    said = assess("My trousers lost two buttons the first time I put them on.")
    told = [reason.because for reason in said.reasons if reason.because.startswith("model ")]
    assert len(told) >= 2
    assert any("buttons" in one or "trousers" in one for one in told)
    assert said.label == "complaint"
    assert said.category == "goods_quality"


def test_the_score_is_the_sum_of_the_words_in_the_file() -> None:
    words = ("parcel",)
    whole, parts = features(words)
    head, weights = model()._heads[UNHAPPY]
    by_hand = head.bias + head.scale * (
        sum(weights[number] for number in whole) / len(whole) ** 0.5
        + sum(weights[number] for number in parts) / len(parts) ** 0.5
    )
    assert model().score(words, UNHAPPY) == pytest.approx(by_hand)


def test_the_own_sentences_are_many_varied_and_in_both_languages() -> None:
    for language, least in (("en", 500), ("de", 350)):
        texts = [one for one in own() if one.language == language]
        assert len({one.text for one in texts}) == len(texts) >= least, "none twice"
        assert {one.category for one in texts if one.category} == set(ASPECTS)
        assert {one.label for one in texts} == {"complaint", "concern", "other"}
        assert own_sentences(language).source == "own work"
    assert sum(1 for _ in vocabulary()) > 1_500
    assert sum(1 for _ in moods()) > 400


def test_no_published_evaluation_message_is_among_the_training_sentences() -> None:
    import yaml

    seen = {one.text for one in own()}
    for name in ("cases.yaml", "oblique.yaml"):
        cases = yaml.safe_load((Path(__file__).parent / name).read_text(encoding="utf-8"))["cases"]
        assert not seen & {case["text"] for case in cases}


@pytest.mark.shared_data
def test_the_head_that_is_shipped_knows_a_complaint_of_the_public_data(shared_data: Path) -> None:
    from amends.triage.training.sources import banking77

    tests = list(banking77(shared_data, "test"))
    said = [assess(one.text, channel="chat").probability >= 0.5 for one in tests]
    unhappy = [yes for one, yes in zip(tests, said, strict=True) if one.unhappy]
    calm = [yes for one, yes in zip(tests, said, strict=True) if not one.unhappy]
    assert sum(unhappy) / len(unhappy) >= 0.78
    assert sum(calm) / len(calm) <= 0.03
