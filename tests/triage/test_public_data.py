"""The rules on messages that nobody here wrote. The figures are published in docs/reference/triage.md."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter
from pathlib import Path

import pytest

from amends.triage.assess import assess

pytestmark = pytest.mark.shared_data
QUESTIONS = {
    "age_limit", "atm_support", "change_pin", "country_support", "fiat_currency_support", "receiving_money",
    "supported_cards_and_currencies", "top_up_limits", "exchange_via_app", "card_acceptance", "get_physical_card",
    "edit_personal_details", "visa_or_mastercard", "automatic_top_up", "getting_spare_card",
}  # fmt: skip


def shares(labels: list[str]) -> dict[str, float]:
    return {label: count / len(labels) for label, count in Counter(labels).items()}


def test_nearly_every_complaint_to_the_cfpb_is_seen_as_dissatisfaction(shared_data: Path) -> None:
    with (shared_data / "complaints" / "cfpb_narratives.csv").open(encoding="utf-8", newline="") as stream:
        texts = [row["narrative"] for row in csv.DictReader(stream) if row["source"] == "jiegzhan"]
    assert len(texts) == 998
    found = shares([assess(text).label for text in texts])
    assert 1 - found.get("other", 0.0) >= 0.93, found


def test_few_ordinary_turns_of_customers_are_taken_for_complaints(shared_data: Path) -> None:
    with gzip.open(shared_data / "complaints" / "multidogo_customer_turns.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t", 1) for line in stream]
    turns = random.Random(1).sample([row[1] for row in rows[1:] if len(row) == 2], 3_000)
    found = shares([assess(text, channel="chat").label for text in turns])
    assert found.get("complaint", 0.0) <= 0.075, found


def test_plain_questions_of_bank_customers_are_no_complaints(shared_data: Path) -> None:
    with (shared_data / "intents" / "banking77" / "test.csv").open(encoding="utf-8", newline="") as stream:
        rows = [row["text"] for row in csv.DictReader(stream) if row["category"] in QUESTIONS]
    assert len(rows) >= 500
    found = shares([assess(text, channel="chat").label for text in rows])
    assert found.get("complaint", 0.0) <= 0.04, found
