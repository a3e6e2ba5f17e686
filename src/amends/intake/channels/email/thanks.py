"""Whether an answer only says thank you: then a settled case stays settled (the words are data, in `thanks.toml`)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

_WORD = re.compile(r"[^\W\d_]+|\d+|[?]")


class ThanksWords(BaseModel):
    """The word list: words that say thanks, and words that may stand beside them, by language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int = Field(ge=1)
    source: str = Field(min_length=1)
    most_words: int = Field(ge=1, le=40)
    thanks: dict[str, tuple[str, ...]]
    beside: dict[str, tuple[str, ...]]


@cache
def words() -> ThanksWords:
    """The word list as shipped."""
    return ThanksWords.model_validate(tomllib.loads(Path(__file__).with_name("thanks.toml").read_text("utf-8")))


def only_thanks(text: str, *, names: tuple[str, ...] = ()) -> bool:
    """True when every word is one of thanks, courtesy or a name; a question, a number or any other word makes it False.

    Args:
        names: of the people in the case, which may stand in a greeting.
    """
    found = [match[0].casefold() for match in _WORD.finditer(text[:2000])]
    known = words()
    if not found or len(found) > known.most_words or len(text) > 2000:
        return False
    thanks = {one.casefold() for language in known.thanks.values() for one in language}
    beside = {one.casefold() for language in known.beside.values() for one in language}
    beside |= {match[0].casefold() for name in names for match in _WORD.finditer(name)}
    return any(one in thanks for one in found) and all(one in thanks or one in beside for one in found)
