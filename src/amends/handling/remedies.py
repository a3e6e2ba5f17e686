"""The kinds of remedy, read from data (PURE after the first read)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict

from amends.core.errors import BadInput

REMEDIES_FILE = Path(__file__).parent / "data" / "remedies.yaml"
LARGEST_AMOUNT = Decimal("9999999999.99")

Measure = Literal["money", "percent", "months", "none"]


class Wording(BaseModel):
    """One text in the languages of the pages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    en: str
    de: str

    def in_language(self, language: str) -> str:
        """The text in this language (`de`, `de-at`), else in English."""
        return self.de if language.lower().startswith("de") else self.en


class RemedyKind(BaseModel):
    """One kind of remedy; `measure` says what its amount counts. Only money counts towards somebody's limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    key: str
    measure: Measure
    label: Wording
    needs_amount: bool = False


class RemedyFile(BaseModel):
    """The whole file, with where it comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    source: str
    remedies: tuple[RemedyKind, ...]


@cache
def remedy_kinds() -> dict[str, RemedyKind]:
    """Every kind by its key, in the order of the file."""
    content = RemedyFile.model_validate(yaml.safe_load(REMEDIES_FILE.read_text(encoding="utf-8")))
    return {kind.key: kind for kind in content.remedies}


def remedy_kind(key: str) -> RemedyKind:
    """The kind with this key.

    Raises:
        BadInput: there is none.
    """
    kind = remedy_kinds().get(key)
    if kind is None:
        raise BadInput(f"Choose a remedy: {', '.join(remedy_kinds())}.", field="kind")
    return kind


def checked_amount(kind: RemedyKind, amount: Decimal | None) -> Decimal | None:
    """The amount as it is stored: whole cents, not negative, and none where the kind has none.

    Raises:
        BadInput: it is missing, negative, too large or finer than a cent.
    """
    if kind.measure == "none" or amount is None:
        if kind.needs_amount:
            raise BadInput(f"Say how much: {kind.label.en} needs an amount.", field="amount")
        return None
    if not amount.is_finite() or amount < 0 or amount > LARGEST_AMOUNT:
        raise BadInput("The amount must be between 0 and 9,999,999,999.99.", field="amount")
    if kind.needs_amount and amount == 0:
        raise BadInput(f"Say how much: {kind.label.en} needs an amount above 0.", field="amount")
    if amount != amount.quantize(Decimal("0.01")):
        raise BadInput("The amount has more than two decimals: round it.", field="amount")
    if kind.measure == "percent" and amount > 100:
        raise BadInput("A discount is at most 100 percent.", field="amount")
    return amount.quantize(Decimal("0.01"))
