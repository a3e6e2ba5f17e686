"""Whether somebody writes of a death: then no template answers (PURE, data files).

All languages are looked for in every message: who mourns writes in their own. Rather too often than not: the price of a
mistake is that a person writes the first answer.
"""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

FILES = Path(__file__).parent / "mourning"
LOOKED_AT = 20_000
"""Characters: a longer message is read that far."""
Phrase = Annotated[str, Field(pattern=r"^[a-zäöüß][a-zäöüß' -]*\*?$")]


class Words(BaseModel):
    """The phrases of one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: Annotated[str, Field(pattern=r"^[a-z]{2}$")]
    version: str
    source: str
    phrases: Annotated[tuple[Phrase, ...], Field(min_length=1)]


@cache
def _pattern() -> re.Pattern[str]:
    books = [Words.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))) for path in FILES.glob("*.toml")]
    phrases = sorted({phrase for book in books for phrase in book.phrases})
    alternatives = "|".join(re.escape(one).replace(r"\ ", r"\s+").replace(r"\*", r"\w*") for one in phrases)
    return re.compile(rf"\b(?:{alternatives})\b", re.IGNORECASE)


def speaks_of_a_death(*texts: str) -> bool:
    """Whether one of these texts says that somebody has died."""
    return any(_pattern().search(text[:LOOKED_AT]) for text in texts)
