"""The linear model: small whole numbers for each feature, read from one file and scored without any library.

The file `data/model.bin` holds one signed byte per feature and head, packed; `data/model.json` says how it was made, what
it is worth and how its scores are weighed with the rules. Training is in `amends.triage.training`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import zlib
from dataclasses import dataclass
from functools import cache
from math import exp, sqrt
from operator import itemgetter
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from amends.triage.grammar import DATA
from amends.triage.grammar import words as word_set
from amends.triage.learned.features import BUCKETS, FEATURES_VERSION, features, word_number

logger = logging.getLogger(__name__)
WEIGHTS = DATA / "model.bin"
DESCRIPTION = DATA / "model.json"
_STOP_WORDS = (word_set("stop_words_en") | word_set("stop_words_de")) - word_set("negators")
UNHAPPY, MILD = "unhappy", "mild"


class Head(BaseModel):
    """One question that the model answers: a score is `bias + scale * (sum of the bytes of the features)`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    scale: float
    bias: float


class Description(BaseModel):
    """What `data/model.json` holds: everything about the model but its weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    features_version: int
    sha256: str
    heads: tuple[Head, ...]
    blend: dict[str, float]
    blend_bias: float
    low: float
    high: float
    mild_from: float
    category_word_list_bonus: dict[str, float]
    figures: dict[str, Any]


class DamagedModelError(RuntimeError):
    """The weights are not those that the description speaks of."""


@dataclass(frozen=True, slots=True)
class Scores:
    """The scores of some words by head: logits, not probabilities."""

    unhappy: float
    mild: float
    aspects: dict[str, float]


class Model:
    """The weights in memory (about 1 MB) and the arithmetic on them."""

    def __init__(self, description: Description, packed: bytes) -> None:
        if hashlib.sha256(packed).hexdigest() != description.sha256:
            raise DamagedModelError("data/model.bin does not belong to data/model.json: install the package again.")
        if description.features_version != FEATURES_VERSION:
            raise DamagedModelError("data/model.json was made for other features: train the model again.")
        raw = _unpacked(packed)
        if len(raw) != BUCKETS * len(description.heads):
            raise DamagedModelError("data/model.bin has the wrong size: install the package again.")
        self.description = description
        view = memoryview(raw).cast("b")
        self._heads = {
            head.name: (head, view[number * BUCKETS : (number + 1) * BUCKETS])
            for number, head in enumerate(description.heads)
        }
        self.aspects = tuple(name for name in self._heads if name not in (UNHAPPY, MILD))

    def score(self, words: tuple[str, ...], head: str) -> float:
        """Return the score of a passage's words for one head."""
        return self.scores(words, (head,))[head]

    def scores(self, words: tuple[str, ...], heads: tuple[str, ...]) -> dict[str, float]:
        """Return the scores of a passage's words for some heads; the features are worked out once."""
        whole, parts = features(words)
        found = {}
        for name in heads:
            head, weights = self._heads[name]
            found[name] = head.bias + head.scale * (_mean(weights, whole) + _mean(weights, parts))
        return found

    def strongest(self, words: tuple[str, ...], head: str, most: int = 3) -> list[str]:
        """Return the words that spoke most for the head, strongest first: each with its parts' share."""
        whole, parts = features(words)
        _, weights = self._heads[head]
        share, part_share = 1 / sqrt(len(whole) or 1), 1 / sqrt(len(parts) or 1)
        told = {}
        for word in dict.fromkeys(words):
            own = weights[word_number(word)] * share
            told[word] = own + part_share * sum(weights[number] for number in features((word,))[1])
        ranked = [word for word, value in sorted(told.items(), key=itemgetter(1), reverse=True) if value > 0]
        # "The" can weigh something too, but it explains nothing: it is named only when there is nothing else.
        return ([word for word in ranked if word not in _STOP_WORDS] or ranked)[:most]


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompress(packed)
    except zlib.error as broken:
        raise DamagedModelError("data/model.bin cannot be unpacked: install the package again.") from broken


def _mean(weights: memoryview, numbers: frozenset[int]) -> float:
    return sum(map(weights.__getitem__, numbers)) / sqrt(len(numbers)) if numbers else 0.0


def read_model(weights: Path = WEIGHTS, description: Path = DESCRIPTION) -> Model:
    """Read a model from its two files.

    Raises:
        DamagedModelError: they do not belong together.
    """
    return Model(Description.model_validate_json(description.read_bytes()), weights.read_bytes())


OWN_MODEL = "AMENDS_MODEL"
"""Names a folder with a model that was trained on an organisation's own decisions."""


@cache
def model() -> Model:
    """Return the model that is in force (read once): the organisation's own if there is one, else the one that was shipped.

    An own model that cannot be read must not stop assessments: that is logged, and the shipped one is used.
    """
    folder = os.environ.get(OWN_MODEL, "")
    if folder:
        try:
            return read_model(Path(folder) / WEIGHTS.name, Path(folder) / DESCRIPTION.name)
        except (OSError, ValueError, DamagedModelError):
            logger.exception("The model in %s cannot be used; the shipped one is.", folder)
    return read_model()


def probability(logit: float) -> float:
    """Turn a score into a probability."""
    return 1 / (1 + exp(-max(-30.0, min(30.0, logit))))
