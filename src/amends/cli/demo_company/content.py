"""The demo company's content: `company()` and `stories(now)`. The same `now` always gives the same stories."""

from __future__ import annotations

from datetime import datetime

from amends.cli.demo_company.composing import composed_stories
from amends.cli.demo_company.model import Company, Story
from amends.cli.demo_company.organisation import company
from amends.cli.demo_company.reading import written_stories

__all__ = ["Company", "Story", "company", "stories"]


def stories(now: datetime) -> list[Story]:
    """About three hundred complaints over the ninety days before `now` (aware), oldest first.

    Raises `WritingError`, which names the story or the bank, when a data file breaks its form.
    """
    written = written_stories(now)
    taken = {f"{story.customer.title} {story.customer.name}" for story in written}
    return sorted([*written, *composed_stories(now, taken)], key=lambda story: (story.received_at, story.key))
