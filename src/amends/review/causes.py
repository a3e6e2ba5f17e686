"""The tree of causes, read from data: ours, and the organisation's own beside it (PURE after the first read)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import yaml
from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from amends.core.errors import BadInput

OURS = Path(__file__).parent / "data" / "causes.yaml"


class Strict(BaseModel):
    """Refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Words(Strict):
    """One text in the languages of the pages."""

    en: str = Field(min_length=1)
    de: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        """The text in this language, else in English."""
        return self.de if language.lower().startswith("de") else self.en


class Cause(Strict):
    """One cause, and by which symptoms it is often noticed."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Words
    symptoms: Words


class CauseGroup(Strict):
    """One branch of the tree."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Words
    causes: tuple[Cause, ...] = Field(min_length=1)


class CauseFile(Strict):
    """A whole file with its version and source."""

    version: str
    source: str
    groups: tuple[CauseGroup, ...]

    @model_validator(mode="after")
    def _keys_once(self) -> CauseFile:
        keys = [cause.key for group in self.groups for cause in group.causes]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise ValueError(f"causes have the same key: {', '.join(twice)}")
        return self


class CausesError(ValueError):
    """A file of causes cannot be used: the message names the file, the place and the reason."""


def read_causes(path: Path) -> CauseFile:
    """One file.

    Raises:
        CausesError: it is no YAML, or not of the right shape.
    """
    try:
        return CauseFile.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"]) or "the whole file"
        raise CausesError(f"{path.name}: {place}: {first['msg']}") from error
    except (yaml.YAMLError, UnicodeDecodeError, OSError) as error:
        raise CausesError(f"{path.name}: {' '.join(str(error).split())}") from error


@cache
def cause_groups() -> tuple[CauseGroup, ...]:
    """The branches in use. The setting `AMENDS_CAUSES_FILE` names a file whose branches are added to ours."""
    groups = {group.key: group for group in read_causes(OURS).groups}
    own = getattr(settings, "AMENDS_CAUSES_FILE", "")
    if own:
        groups |= {group.key: group for group in read_causes(Path(own)).groups}
    return tuple(groups.values())


def causes() -> dict[str, tuple[CauseGroup, Cause]]:
    """Every cause by its key, with its branch."""
    return {cause.key: (group, cause) for group in cause_groups() for cause in group.causes}


def checked_cause(key: str) -> Cause:
    """The cause with this key.

    Raises:
        BadInput: there is none.
    """
    found = causes().get(key)
    if found is None:
        raise BadInput(f"Choose a cause: {', '.join(causes())}.", field="cause")
    return found[1]


def cause_label(key: str, language: str) -> str:
    """The name of a cause as people read it; the key itself when it is no longer in the tree."""
    found = causes().get(key)
    return found[1].label.in_language(language) if found else key
