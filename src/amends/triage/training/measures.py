"""The figures of a model: recall, precision, calibration, by source and language. Pure arithmetic on numpy arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from amends.triage.training.sources import Example

Array = Any
_BINS = (0.0, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95, 1.0)


def probabilities(logits: Array) -> Array:
    """Return probabilities from scores."""
    return 1 / (1 + np.exp(-np.clip(logits, -30, 30)))


def shares(truth: Array, logits: Array, low: float) -> dict[str, Any]:
    """Return n, how many are unhappy, recall and precision at one half and at the low threshold; null where undefined."""
    said = probabilities(logits)
    return {
        "n": len(truth),
        "unhappy": int(truth.sum()),
        "recall": _share(truth & (said >= 0.5), truth),
        "precision": _share(truth & (said >= 0.5), said >= 0.5),
        "recall_low": _share(truth & (said >= low), truth),
        "precision_low": _share(truth & (said >= low), said >= low),
        "false_alarms": _share(~truth & (said >= 0.5), ~truth),
    }


def _share(part: Array, whole: Array) -> float | None:
    return round(float(part.sum() / whole.sum()), 3) if whole.sum() else None


def threshold_for_recall(truth: Array, said: Array, recall: float) -> float:
    """Return the highest threshold that still finds this share of the unhappy, rounded down."""
    ranked = np.sort(said[truth])
    missed = int(len(ranked) * (1 - recall))
    return float(np.floor(ranked[missed] * 1000) / 1000)


def threshold_for_precision(truth: Array, said: Array, precision: float) -> float:
    """Return the lowest threshold from which this share is right, rounded up; 1 when there is none."""
    order = np.argsort(-said)
    right = np.cumsum(truth[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(right >= precision)
    return float(np.ceil(said[order][good[-1]] * 1000) / 1000) if len(good) else 1.0


def of_messages(
    examples: Sequence[Example], owner: Array, scores: Array, keep: Callable[[Example], bool], label: str
) -> tuple[Array, Array]:
    """Return for the kept texts whether they have the label, and the probability of their first passage."""
    first = np.unique(owner, return_index=True)[1]
    rows = [row for number, row in enumerate(first) if keep(examples[number])]
    truth = np.array([examples[owner[row]].label == label for row in rows])
    return truth, probabilities(scores[np.array(rows)])


def figures(
    examples: Sequence[Example], messages: Sequence[Any], logits: Array, recall: float, precision: float
) -> tuple[dict[str, Any], float, float]:
    """Return the figures on unseen texts with the two thresholds of the lanes.

    The thresholds are set on the own sentences: those were labelled one by one, and they are the hard ones.
    """
    judged = [examples[one.number] for one in messages]
    truth = np.array([one.unhappy for one in judged])
    said = probabilities(logits)
    own = np.array([one.source.startswith(("own", "decided")) for one in judged])
    low = threshold_for_recall(truth[own], said[own], recall)
    high = threshold_for_precision(truth[own], said[own], precision)
    found: dict[str, Any] = {"unseen": {}, "languages": {}}
    for source in sorted({one.source for one in judged}):
        these = np.array([one.source == source for one in judged])
        found["unseen"][source] = shares(truth[these], logits[these], low)
    for language in ("en", "de"):
        these = own & np.array([one.language == language for one in judged])
        found["languages"][language] = shares(truth[these], logits[these], low)
    found["own"] = shares(truth[own], logits[own], low)
    found["confusion_own"] = _confusion(truth[own], said[own], low, max(high, low))
    found["calibration"] = _calibration(truth[own], said[own])
    return found, low, max(high, low)


def _confusion(truth: Array, said: Array, low: float, high: float) -> dict[str, dict[str, int]]:
    lanes = {"complaint": said >= high, "to_decide": (said >= low) & (said < high), "other": said < low}
    return {
        name: {lane: int((which & inside).sum()) for lane, inside in lanes.items()}
        for name, which in (("unhappy", truth), ("not_unhappy", ~truth))
    }


def _calibration(truth: Array, said: Array) -> dict[str, Any]:
    rows = []
    for least, most in pairwise(_BINS):
        inside = (said >= least) & ((said < most) | (most == 1.0))
        if inside.any():
            rows.append(
                {
                    "from": least,
                    "to": most,
                    "n": int(inside.sum()),
                    "said": round(float(said[inside].mean()), 3),
                    "true": round(float(truth[inside].mean()), 3),
                }
            )
    error = sum(row["n"] * abs(row["said"] - row["true"]) for row in rows) / len(truth)
    return {
        "rows": rows,
        "expected_error": round(float(error), 3),
        "brier": round(float(((said - truth) ** 2).mean()), 3),
    }


def aspect_figures(examples: Sequence[Example], owner: Array, scores: Array, names: Sequence[str]) -> dict[str, Any]:
    """Return the share of own sentences whose aspect the model alone finds, by language and by aspect."""
    first = np.unique(owner, return_index=True)[1]
    rows = [
        (example, names[int(scores[row].argmax())])
        for row, example in zip(first, examples, strict=True)
        if example.category and example.source.startswith("own")
    ]
    found: dict[str, Any] = {}
    for key in ("language", "category"):
        groups = sorted({getattr(example, key) for example, _ in rows})
        for group in groups:
            right = [said == example.category for example, said in rows if getattr(example, key) == group]
            found[group] = {"n": len(right), "right": round(sum(right) / len(right), 3)}
    return found
