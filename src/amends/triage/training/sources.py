"""The texts that the model learns from, with their labels and where they come from.

Public data is read from a folder that is not part of the project (`AMENDS_SHARED_DATA`); the own sentences lie beside this
module. What a source's own labels do not settle is left out rather than guessed: see `banking77` and `multidogo`.
"""

from __future__ import annotations

import csv
import gzip
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from amends.triage.grammar import read_yaml
from amends.triage.values import ASPECTS

HERE = Path(__file__).parent
OWN_LANGUAGES = ("en", "de")
SEED = 20261122


@dataclass(frozen=True, slots=True)
class Example:
    """One text with what is known about it; `category` is "" where it is not known."""

    text: str
    label: str
    source: str
    language: str = "en"
    category: str = ""
    channel: str = "email"
    weight: float = 1.0

    @property
    def unhappy(self) -> bool:
        """Whether dissatisfaction with us is expressed."""
        return self.label != "other"


class SentenceGroup(BaseModel):
    """Sentences of one label and aspect, one a line."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    label: Literal["complaint", "concern", "other"]
    category: str = ""
    texts: str


class Sentences(BaseModel):
    """A file of own sentences."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    source: str
    language: str
    groups: tuple[SentenceGroup, ...]


@cache
def own_sentences(language: str) -> Sentences:
    """Read and check the sentences written for this project in one language."""
    found = Sentences.model_validate(read_yaml(HERE / f"sentences.{language}.yaml"))
    unknown = {group.category for group in found.groups} - {"", *ASPECTS}
    if unknown:
        raise ValueError(f"sentences.{language}.yaml names unknown aspects: {', '.join(sorted(unknown))}.")
    return found


def own() -> Iterator[Example]:
    """The sentences written for this project, in English and German."""
    for language in OWN_LANGUAGES:
        for group in own_sentences(language).groups:
            for line in group.texts.strip().splitlines():
                yield Example(
                    line.strip(), group.label, f"own-{language}", language, category=group.category, weight=_OWN_WEIGHT
                )


_OWN_WEIGHT = 4.0
"""An own sentence counts as four of the others: there are few, they are all labelled by hand, and they are the variety."""

# The intents of BANKING77 in which customers tell of something that went wrong, with the aspect it is about.
_TROUBLE = {
    "transaction_charged_twice": "billing",
    "wrong_amount_of_cash_received": "billing",
    "card_payment_wrong_exchange_rate": "billing",
    "wrong_exchange_rate_for_cash_withdrawal": "billing",
    "extra_charge_on_statement": "billing",
    "card_payment_fee_charged": "billing",
    "cash_withdrawal_charge": "billing",
    "transfer_fee_charged": "billing",
    "Refund_not_showing_up": "billing",
    "balance_not_updated_after_bank_transfer": "billing",
    "balance_not_updated_after_cheque_or_cash_deposit": "billing",
    "transfer_not_received_by_recipient": "billing",
    "reverted_card_payment?": "billing",
    "declined_card_payment": "service",
    "declined_cash_withdrawal": "service",
    "declined_transfer": "service",
    "failed_transfer": "service",
    "top_up_failed": "service",
    "card_not_working": "service",
    "virtual_card_not_working": "service",
    "contactless_not_working": "service",
    "card_swallowed": "service",
    "card_arrival": "delivery",
    "unable_to_verify_identity": "privacy_data",
}
# Intents in which people only ask, report or order something.
_NO_TROUBLE = frozenset({
    "age_limit", "atm_support", "change_pin", "country_support", "fiat_currency_support", "receiving_money",
    "supported_cards_and_currencies", "top_up_limits", "exchange_via_app", "card_acceptance", "get_physical_card",
    "edit_personal_details", "visa_or_mastercard", "automatic_top_up", "getting_spare_card", "order_physical_card",
    "activate_my_card", "apple_pay_or_google_pay", "card_about_to_expire", "card_linking", "disposable_card_limits",
    "get_disposable_virtual_card", "getting_virtual_card", "lost_or_stolen_card", "lost_or_stolen_phone",
    "passcode_forgotten", "terminate_account", "top_up_by_bank_transfer_charge", "topping_up_by_card",
    "transfer_into_account", "verify_my_identity", "verify_top_up", "top_up_by_cash_or_cheque", "transfer_timing",
    "exchange_rate", "card_delivery_estimate",
})  # fmt: skip
_TELLS = re.compile(
    r"\b(?:still|never|not|n't|wrong|twice|double|extra|declined|failed|refus|reject|incorrect|missing|lost|stuck|"
    r"keeps?|why (?:was|were|did|has|have|am|is|isn|can|do)|been charged|you charged|problem|issue|error|disappear|"
    r"weird|strange|unexpected|ridiculous|too (?:long|much)|no reason|didn|doesn|won|can't|cannot|hasn|haven)",
    re.IGNORECASE,
)
_ASKS = re.compile(r"^\s*(?:how|what|where|when|which|can|could|do|does|is|are|will|may|am i|if)\b", re.IGNORECASE)


def banking77(folder: Path, part: str = "train") -> Iterator[Example]:
    """Bank customers' short messages (CC BY 4.0), labelled by intent: trouble that is told, or a mere question.

    Within an intent of trouble only what tells of it is a complaint, and what only asks ("how long …?") is left out: its
    label would be a guess. Within a plain intent, what tells of trouble is left out.
    """
    with (folder / "intents" / "banking77" / f"{part}.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            text, intent = row["text"].strip(), row["category"]
            tells = bool(_TELLS.search(text))
            if intent in _TROUBLE and tells and not _ASKS.match(text):
                yield Example(text, "complaint", "banking77", category=_TROUBLE[intent], channel="chat", weight=0.35)
            elif intent in _NO_TROUBLE and not tells:
                yield Example(text, "other", "banking77", channel="chat", weight=0.35)


_TURN_TROUBLE = re.compile(
    r"\b(?:broke|broken|crack|damag|not work|doesnt work|isnt work|stopped|crash|error|wrong|slow|problem|issue|late|never|"
    r"bad|worst|angry|upset|disappoint|unhappy|complain|frustrat|ridiculous|refund|lost|stolen|fraud|delay|cancel|missing|"
    r"still|again|overcharg|extra|high|virus|infect|disconnect|outage|down|fail|cannot|cant|unable|trouble|hang|freez|"
    r"accident|claim)",
    re.IGNORECASE,
)
_TURN_COMPLAINT = re.compile(
    r"\b(?:bill (?:is|was) (?:too |so |very )?(?:high|wrong)|overcharged|extra charge|worst (?:service|experience)|"
    r"(?:internet|wifi|connection|service|network) (?:is|was|has been) (?:very |so |too |really )?(?:slow|down|bad|not working)|"
    r"(?:keeps?|kept) (?:crashing|freezing|hanging|disconnecting)|im (?:very |so )?(?:upset|angry|unhappy|disappointed)|"
    r"charged (?:me )?twice|wrong (?:order|item|bill|charge))",
    re.IGNORECASE,
)


def multidogo(folder: Path, *, most: int = 6_000) -> Iterator[Example]:
    """Turns of customers in arranged conversations (CDLA-Permissive-1.0).

    Most only ask, answer and order. A turn with a word of trouble is left out (screens break in these conversations, and
    whose fault it is stays open), unless it says plainly that our bill or our service is bad.
    """
    with gzip.open(folder / "complaints" / "multidogo_customer_turns.tsv.gz", "rt", encoding="utf-8") as stream:
        rows = [line.rstrip("\n").split("\t", 1)[1] for line in stream if "\t" in line][1:]
    random.Random(SEED).shuffle(rows)  # noqa: S311  # a sample, no secret
    calm = [text for text in dict.fromkeys(rows) if not _TURN_TROUBLE.search(text)]
    told = [text for text in dict.fromkeys(rows) if _TURN_COMPLAINT.search(text)]
    yield from (Example(text, "other", "multidogo", channel="chat", weight=0.35) for text in calm[:most])
    yield from (Example(text, "complaint", "multidogo", channel="chat", weight=0.7) for text in told)


_FCC_ASPECTS = (
    ("campaign_terms", re.compile(r"promot|contract|bait|advertis|deceptive|misleading|offer|data cap|usage cap|cap\b", re.IGNORECASE)),
    ("billing", re.compile(r"\bbill|charg|\bfees?\b|refund|overcharg|payment|credit\b|collection", re.IGNORECASE)),
    ("price", re.compile(r"pric|rate (?:increase|hike)|expensive|cost|gouging", re.IGNORECASE)),
    ("service", re.compile(r"speed|slow|outage|no service|throttl|connect|internet|signal|reception|install|down", re.IGNORECASE)),
    ("communication", re.compile(r"customer service|no response|unrespons|never called|no answer|lied", re.IGNORECASE)),
)  # fmt: skip


def fcc(folder: Path) -> Iterator[Example]:
    """Short complaints about one provider to the FCC (public domain); the aspect only where exactly one kind of word stands."""
    with (folder / "complaints" / "fcc_comcast_2015.csv").open(encoding="utf-8", newline="") as stream:
        texts = dict.fromkeys(row["Customer Complaint"].strip() for row in csv.DictReader(stream))
    for text in texts:
        fitting = [aspect for aspect, pattern in _FCC_ASPECTS if pattern.search(text)]
        # Bare names ("Comcast", "Internet") are titles of complaints, not expressions of anything.
        if len(text.split()) > 2:
            yield Example(text, "complaint", "fcc", category=fitting[0] if len(fitting) == 1 else "", weight=0.35)


def cfpb(folder: Path) -> Iterator[Example]:
    """Narratives sent to the CFPB (public domain): only the raw prose; each is one complaint."""
    with (folder / "complaints" / "cfpb_narratives.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            if row["source"] == "jiegzhan":
                yield Example(row["narrative"], "complaint", "cfpb")


_POLITE_FROM = 0.2
_SCORE = re.compile(r"-?\d\.\d+")


def politeness(folder: Path) -> Iterator[Example]:
    """Requests between editors (CC BY 4.0) that raters found polite: somebody wants something and is not unhappy with us."""
    with (folder / "tone" / "politeness_wikipedia.csv").open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            # Some requests hold a line break that splits their row: those have no score.
            score = row["Normalized Score"] or ""
            if _SCORE.fullmatch(score) and float(score) >= _POLITE_FROM and not _TELLS.search(row["Request"]):
                text = re.sub(r"&lt;\w+&gt;", " ", row["Request"])
                yield Example(text, "other", "politeness", weight=0.35)


def public_examples(folder: Path) -> list[Example]:
    """Everything from the public sources, in a fixed order."""
    return [*banking77(folder), *multidogo(folder), *fcc(folder), *cfpb(folder), *politeness(folder)]


class Vocabulary(BaseModel):
    """A file of words that go with an aspect."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    source: str
    language: str
    aspects: dict[str, str]


class Moods(BaseModel):
    """A file of turns of phrase that speak for dissatisfaction, or for a message of another kind."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    source: str
    language: str
    unhappy: str
    calm: str


def vocabulary() -> Iterator[Example]:
    """Every word of the vocabularies as a text of its own that says only what it is about."""
    for language in OWN_LANGUAGES:
        found = Vocabulary.model_validate(read_yaml(HERE / f"vocabulary.{language}.yaml"))
        for aspect, words in found.aspects.items():
            for word in dict.fromkeys(words.split()):
                yield Example(word, "", "vocabulary", language, category=aspect)


def moods() -> Iterator[Example]:
    """Every turn of phrase as a text of its own that says only whether somebody is unhappy."""
    for language in OWN_LANGUAGES:
        found = Moods.model_validate(read_yaml(HERE / f"moods.{language}.yaml"))
        for label, lines in (("complaint", found.unhappy), ("other", found.calm)):
            for line in lines.strip().splitlines():
                yield Example(line.strip(), label, "moods", language)
