"""Short phrases for letters: what a complaint is about, and one sentence for the feeling (PURE, data files)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from amends.voice.letterfile import language_for

PHRASES = Path(__file__).parent / "phrases"


class Phrases(BaseModel):
    """The phrases of one language, by the assessment's category; `feeling` has `other` for everything else."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    language: str
    version: str
    source: str
    about: dict[str, str]
    feeling: dict[str, str]


@cache
def phrases(language: str) -> Phrases:
    """The phrases in this language, else in English."""
    path = PHRASES / f"{language_for(language)}.toml"
    return Phrases.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))


def about(category: str, language: str) -> str:
    """What a complaint of this category is about; empty when it is not known."""
    return phrases(language).about.get(category, "")


def feeling(category: str, language: str) -> str:
    """The sentence that takes the feeling seriously."""
    book = phrases(language).feeling
    return book.get(category) or book["other"]
