"""Which letter is sent: rules as data, the first that holds is taken (PURE; reads a file once). docs/reference/voice.md"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from amends.core.tomlplace import read_as

Shape = TypeVar("Shape", bound=BaseModel)
BUILT_IN = Path(__file__).parent / "letter_choice.toml"
LetterName = Annotated[str, Field(pattern=r"^[a-z][a-z_]*(-[a-z0-9_]+)?$", max_length=60)]


class VoiceFileError(ValueError):
    """A file of letters cannot be used; the message says which, where and why."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LetterFacts(_Strict):
    """What the choice depends on.

    Attributes:
        regimes: the keys of the rule packs under which the case runs.
        organisation: the key of the unit at the top; `units` are those of the unit and of all above it.
    """

    channel: str
    category: str
    severity: int
    language: str
    regimes: tuple[str, ...]
    organisation: str
    units: tuple[str, ...]


class When(_Strict):
    """What must hold; what is not said does not matter. Lists name alternatives."""

    channels: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    severity_from: Annotated[int, Field(ge=1, le=4)] | None = None
    languages: tuple[str, ...] = ()
    regimes: tuple[str, ...] = ()
    organisations: tuple[str, ...] = ()
    units: tuple[str, ...] = ()

    def holds(self, facts: LetterFacts) -> bool:
        """Whether everything that is said holds."""
        asked = (
            (self.channels, {facts.channel}),
            (self.categories, {facts.category}),
            (self.languages, {facts.language}),
            (self.regimes, set(facts.regimes)),
            (self.organisations, {facts.organisation}),
            (self.units, set(facts.units)),
        )
        serious = self.severity_from is None or facts.severity >= self.severity_from
        return serious and all(not wanted or found & set(wanted) for wanted, found in asked)


class ChoiceRule(_Strict):
    """One rule, with a sentence that says it to an administrator."""

    says: Annotated[str, Field(min_length=3, max_length=200)]
    for_: Annotated[str, Field(alias="for")] = "acknowledgement"
    when: When = When()
    letter: LetterName


class Choice(_Strict):
    """All rules of a file."""

    version: Annotated[str, Field(min_length=1)]
    source: Annotated[str, Field(min_length=1)]
    rule: tuple[ChoiceRule, ...]


def choose_letter(rules: Choice, kind: str, facts: LetterFacts) -> str:
    """The name of the letter: that of the first rule for this kind that holds, else the kind itself."""
    return next((one.letter for one in rules.rule if one.for_ == kind and one.when.holds(facts)), kind)


@lru_cache(maxsize=8)
def read_choice(path: Path = BUILT_IN) -> Choice:
    """The rules in a file.

    Raises:
        VoiceFileError: with the file, the place and the reason.
    """
    return read_voice_file(Choice, path)


def read_voice_file(shape: type[Shape], path: Path) -> Shape:
    """What a file says, in its shape.

    Raises:
        VoiceFileError: with the file, the line, the place and the reason.
    """
    return read_as(path, shape, VoiceFileError)
