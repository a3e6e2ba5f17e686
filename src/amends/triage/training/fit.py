"""Training: fits the heads, weighs them with the word lists, measures all on texts that were not learnt from, writes two files."""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it has no types

from amends.triage.evidence import Evidence
from amends.triage.learned.features import BUCKETS, FEATURES_VERSION
from amends.triage.learned.model import MILD, UNHAPPY
from amends.triage.learned.signals import SIGNALS, signals
from amends.triage.rules import safety, sentiment
from amends.triage.rules.label import rule_weight
from amends.triage.text import Text
from amends.triage.training import measures
from amends.triage.training.matrices import matrix, passages_of
from amends.triage.training.sources import SEED, Example, moods, own, public_examples, vocabulary
from amends.triage.values import ASPECTS

Array = Any
"""A numpy array; numpy has types of its own, but not for everything that scikit-learn returns."""

FOLDS = 5
STRENGTH = 4.0
"""The inverse of the penalty on large weights."""
ASPECT_STRENGTH = 10.0
_SHARE_OF_PUBLIC = 0.1
"""Public texts all come from two trades and a few formats: they keep the own sentences honest, they do not lead."""
_MOOD_WEIGHT, _WORD_WEIGHT = 0.7, 1.0
_OTHERS_WEIGHT = 2.0
"""There are four own sentences of unhappy people for each other one; in a mailbox there are not."""
_STEPS = 127
RECALL_AIM = 0.98
_SAFETY_MARGIN = 0.005
"""The low threshold is set for a little more than the aim, because the aim must hold on other texts."""
_PRECISION_AIM = 0.95
_MILD_PRECISION = 0.8


@dataclass(frozen=True, slots=True)
class Learnt:
    """What training returns: the two files' contents."""

    packed: bytes
    description: dict[str, Any]


class Corpus:
    """All texts, cut into passages, with the fold of each text."""

    def __init__(self, examples: Sequence[Example]) -> None:
        self.examples = list(examples)
        rows: list[tuple[str, ...]] = []
        owners: list[int] = []
        for number, example in enumerate(self.examples):
            found = passages_of(example)
            rows += found
            owners += [number] * len(found)
        self.owner = np.array(owners)
        self.matrix = matrix(rows)
        folds = np.random.default_rng(SEED).permutation(len(self.examples)) % FOLDS
        self.fold = folds[self.owner]
        self.source = np.array([self.examples[owner].source for owner in owners])
        self.weight = np.array([_weight(self.examples[owner]) for owner in owners])

    def where(self, keep: Callable[[Example], bool]) -> Array:
        """Return which rows belong to texts that are to be kept."""
        kept = np.array([keep(example) for example in self.examples])
        return kept[self.owner]


def _weight(example: Example) -> float:
    if example.source == "moods":
        return _MOOD_WEIGHT
    if example.source == "vocabulary":
        return _WORD_WEIGHT
    if not example.source.startswith(("own", "decided")):
        return example.weight * _SHARE_OF_PUBLIC
    return example.weight * (1.0 if example.unhappy else _OTHERS_WEIGHT)


def train(folder: Path, *, decided: Sequence[Example] = (), say: Callable[[str], None] = print) -> Learnt:
    """Train on the public data in `folder`, the own sentences and what people decided; takes about two minutes."""
    corpus = Corpus([*own(), *moods(), *vocabulary(), *decided, *public_examples(folder)])
    say(f"{len(corpus.examples):,} texts, {corpus.matrix.shape[0]:,} passages")
    unhappy = _binary(corpus, lambda one: bool(one.label), lambda one: one.unhappy)
    mild = _binary(corpus, _is_own_and_unhappy, lambda one: one.label == "concern")
    aspects = _aspects(corpus)
    say("heads fitted")
    messages = _messages(corpus)
    blend = _blend(corpus, messages, unhappy.unseen)
    say("blend fitted")
    figures, low, high = measures.figures(
        corpus.examples, messages, blend.unseen, RECALL_AIM + _SAFETY_MARGIN, _PRECISION_AIM
    )
    figures["left_out"] = _left_out(corpus, messages, blend, low, say)
    figures["aspects"] = measures.aspect_figures(corpus.examples, corpus.owner, aspects.unseen, aspects.names)
    heads = [(UNHAPPY, unhappy.weights[0], unhappy.bias[0]), (MILD, mild.weights[0], mild.bias[0])]
    heads += [(name, aspects.weights[at], aspects.bias[at]) for at, name in enumerate(aspects.names)]
    described, packed = _packed(heads)
    mild_from = measures.threshold_for_precision(
        *measures.of_messages(corpus.examples, corpus.owner, mild.unseen, _is_own_and_unhappy, "concern"),
        _MILD_PRECISION,
    )
    return Learnt(
        packed,
        {
            "version": hashlib.sha256(packed).hexdigest()[:8],
            "features_version": FEATURES_VERSION,
            "sha256": hashlib.sha256(packed).hexdigest(),
            "heads": described,
            "blend": {name: round(float(value), 4) for name, value in zip(SIGNALS, blend.weights[0], strict=True)},
            "blend_bias": round(float(blend.bias[0]), 4),
            "low": low,
            "high": high,
            "mild_from": mild_from,
            "category_word_list_bonus": {"firm": 2.0, "vague": 0.6, "statement": 0.3},
            "figures": figures,
        },
    )


@dataclass(frozen=True, slots=True)
class Fitted:
    """A fitted head or heads: weights, bias, and scores of each row by a model that had not seen its text."""

    names: tuple[str, ...]
    weights: Array
    bias: Array
    unseen: Array


def _fit(rows: Array, answers: Array, weights: Array, strength: float = STRENGTH) -> LogisticRegression:
    return LogisticRegression(C=strength, max_iter=300).fit(rows, answers, sample_weight=weights)


def _is_own_and_unhappy(one: Example) -> bool:
    return one.source.startswith(("own", "decided")) and one.unhappy


def _binary(corpus: Corpus, keep: Callable[[Example], bool], answer: Callable[[Example], bool]) -> Fitted:
    kept, answers = corpus.where(keep), corpus.where(answer)
    unseen = np.zeros(len(kept))
    for fold in range(FOLDS):
        learn = kept & (corpus.fold != fold)
        found = _fit(corpus.matrix[learn], answers[learn], corpus.weight[learn])
        test = corpus.fold == fold
        unseen[test] = found.decision_function(corpus.matrix[test])
    found = _fit(corpus.matrix[kept], answers[kept], corpus.weight[kept])
    return Fitted((), found.coef_, found.intercept_, unseen)


def _aspects(corpus: Corpus) -> Fitted:
    kept = corpus.where(lambda one: bool(one.category))
    answers = np.array([corpus.examples[owner].category for owner in corpus.owner])
    unseen = np.zeros((len(kept), len(ASPECTS)))
    for fold in range(FOLDS):
        learn = kept & (corpus.fold != fold)
        found = _fit(corpus.matrix[learn], answers[learn], corpus.weight[learn], ASPECT_STRENGTH)
        test = corpus.fold == fold
        unseen[test] = found.decision_function(corpus.matrix[test])
    found = _fit(corpus.matrix[kept], answers[kept], corpus.weight[kept], ASPECT_STRENGTH)
    return Fitted(tuple(str(name) for name in found.classes_), found.coef_, found.intercept_, unseen)


@dataclass(frozen=True, slots=True)
class Message:
    """A text that is judged as a whole: its number among the examples, the word lists' evidence, its rows."""

    number: int
    evidence: Evidence
    rule_weight: float
    rows: Array


def _messages(corpus: Corpus) -> list[Message]:
    """The labelled texts that are messages (not words and turns of phrase), with what the word lists say of each."""
    made = []
    rows_of = np.split(np.arange(len(corpus.owner)), np.flatnonzero(np.diff(corpus.owner)) + 1)
    for number, example in enumerate(corpus.examples):
        if not example.label or example.source in ("moods", "vocabulary"):
            continue
        evidence = Evidence(Text(example.text, channel=example.channel), example.language)
        earlier = {"sentiment": sentiment.judge(evidence, {}), "safety": safety.judge(evidence, {})}
        made.append(Message(number, evidence, rule_weight(evidence, earlier), rows_of[number]))
    return made


def signal_rows(messages: Sequence[Message], scores: Array) -> Array:
    """Return the signals of each message as a row, in the order of SIGNALS."""
    rows = [signals(one.evidence, one.rule_weight, [float(score) for score in scores[one.rows]]) for one in messages]
    return np.array([[row[name] for name in SIGNALS] for row in rows])


def _blend(corpus: Corpus, messages: Sequence[Message], scores: Array) -> Fitted:
    rows = signal_rows(messages, scores)
    examples = [corpus.examples[one.number] for one in messages]
    answers = np.array([example.unhappy for example in examples])
    weights = np.array([_weight(example) for example in examples])
    folds = np.array([corpus.fold[one.rows[0]] for one in messages])
    unseen = np.zeros(len(rows))
    for fold in range(FOLDS):
        learn = folds != fold
        unseen[~learn] = _fit(rows[learn], answers[learn], weights[learn], 1.0).decision_function(rows[~learn])
    found = _fit(rows, answers, weights, 1.0)
    return Fitted(SIGNALS, found.coef_, found.intercept_, unseen)


def _left_out(
    corpus: Corpus, messages: Sequence[Message], blend: Fitted, low: float, say: Callable[[str], None]
) -> dict[str, Any]:
    """Each source judged by a model that has seen nothing of that source: does it know the meaning or the source?"""
    found = {}
    for source in sorted({corpus.examples[one.number].source for one in messages}):
        learn = corpus.where(lambda one: bool(one.label)) & (corpus.source != source)
        answers = corpus.where(lambda one: one.unhappy)
        head = _fit(corpus.matrix[learn], answers[learn], corpus.weight[learn])
        some = [one for one in messages if corpus.examples[one.number].source == source]
        scores = np.zeros(len(corpus.owner))
        test = corpus.source == source
        scores[test] = head.decision_function(corpus.matrix[test])
        logits = signal_rows(some, scores) @ blend.weights[0] + blend.bias[0]
        truth = np.array([corpus.examples[one.number].unhappy for one in some])
        found[source] = measures.shares(truth, logits, low)
        say(f"left out {source}: {found[source]}")
    return found


def _packed(heads: Sequence[tuple[str, Array, float]]) -> tuple[list[dict[str, Any]], bytes]:
    """Round the weights of each head to 255 steps and pack them."""
    described, columns = [], []
    for name, weights, bias in heads:
        scale = float(np.quantile(np.abs(weights[weights != 0]), 0.9995)) / _STEPS
        columns.append(np.clip(np.rint(weights / scale), -_STEPS, _STEPS).astype(np.int8).tobytes())
        assert len(columns[-1]) == BUCKETS
        described.append({"name": name, "scale": round(scale, 8), "bias": round(float(bias), 5)})
    return described, zlib.compress(b"".join(columns), 9)


def write(learnt: Learnt, weights: Path, description: Path) -> None:
    """Write the two files, the weights first: a pair that does not belong together is refused when read."""
    weights.write_bytes(learnt.packed)
    text = json.dumps(learnt.description, indent=1, ensure_ascii=False, sort_keys=True)
    description.write_text(text + "\n", encoding="utf-8")
