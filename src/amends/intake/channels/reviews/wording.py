"""The draft of a public reply, from `public_reply.toml`."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Annotated

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field

from amends.core.text import clean_line

Words = Annotated[str, Field(min_length=1, max_length=600)]


class Draft(BaseModel):
    """The parts of a reply in one language."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    greeting: Words
    greeting_without_name: Words
    body: Words
    way: Words


class DraftFile(BaseModel):
    """The file of drafts."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: int
    source: str
    en: Draft
    de: Draft


@cache
def drafts() -> DraftFile:
    """The drafts, checked."""
    return DraftFile.model_validate(tomllib.loads(Path(__file__).with_name("public_reply.toml").read_text("utf-8")))


def draft(*, language: str, name: str, contact: str, limit: int) -> str:
    """A reply to begin with, in German for German reviews and in English for all others, within `limit` characters.

    What does not fit is left out from the middle: greeting and way matter most.
    """
    parts = drafts().de if language.startswith("de") else drafts().en
    name = clean_line(name)[:80]
    greeting = parts.greeting.replace("{name}", name) if name else parts.greeting_without_name
    way = parts.way.replace("{contact}", contact)
    whole = f"{greeting}\n{parts.body} {way}"
    if len(whole) <= limit:
        return whole
    first = parts.body.partition(". ")[0] + "."
    short = f"{greeting}\n{first} {way}"
    return short if len(short) <= limit else f"{first} {way}"[:limit]


def way_of_contact(contact: str) -> str:
    """The way offered in public: the source's own, else the form on which everybody can complain."""
    return contact or f"{settings.AMENDS_PUBLIC_URL}/complain/"
