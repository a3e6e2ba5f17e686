"""From texts to the sparse matrices that scikit-learn fits. Needs scikit-learn; nothing that runs all day imports it."""

from __future__ import annotations

from collections.abc import Sequence
from math import sqrt
from typing import Any

import numpy as np
from scipy import sparse  # type: ignore[import-untyped]  # scipy has no types

from amends.triage.learned.features import BUCKETS, features, passages
from amends.triage.text import Text
from amends.triage.training.sources import Example

PASSAGES_OF_ONE = 3
"""Of a long narrative the first passages are learnt from; the rest is often numbers and names."""


def passages_of(example: Example) -> list[tuple[str, ...]]:
    """Return the words of the passages of a text."""
    found = [passage.words for passage in passages(Text(example.text, channel=example.channel))]
    return found[:PASSAGES_OF_ONE] or [()]


def matrix(rows: Sequence[tuple[str, ...]]) -> Any:
    """Return one row of weights for each passage: words and parts, each half of length 1, as `Model.score` reckons."""
    numbers: list[int] = []
    values: list[float] = []
    ends = [0]
    for words in rows:
        for half in features(words):
            numbers.extend(sorted(half))
            values.extend([1 / sqrt(len(half))] * len(half))
        ends.append(len(numbers))
    found = sparse.csr_matrix((np.array(values), np.array(numbers), np.array(ends)), shape=(len(rows), BUCKETS))
    found.sum_duplicates()
    return found
