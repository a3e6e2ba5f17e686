"""Tells every story that is missing: all of them come in, then what followed is played by several processes at once."""

from __future__ import annotations

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final

from amends.cli.children import END_SECONDS, Child
from amends.cli.demo_company import founding, model
from amends.cli.demo_company.content import stories
from amends.cli.demo_company.settling import FRESH, old_news_is_read, settle
from amends.cli.demo_company.staging import Stage, begun_already, told_already
from amends.core.errors import AmendsError

SHARE: Final = "AMENDS_DEMO_SHARE"
MOST_PROCESSES: Final = 4
LOOK_SECONDS: Final = 0.5
Progress = Callable[[int, int], None]


def sensible_processes() -> int:
    """One for each processor, but not so many that a small database groans."""
    return min(os.cpu_count() or 1, MOST_PROCESSES)


def tell_everything(now: datetime, *, processes: int, progress: Progress) -> list[str]:
    """Every story that is not in the system yet; what was refused, one sentence each.

    Stories of the last hours come last and in this process: only what they tell stays unread.

    Args:
        now: the moment the stories are told from, unless an earlier, interrupted run has set it.
        progress: called with how many are told, and of how many.
    """
    if not founding.is_founded():
        founding.found(now)
    now = founding.anchor(now)
    everything = stories(now)
    _begin(now, everything)
    with _no_pauses():
        if processes > 1:
            refused = _tell_together(processes, progress, len(everything))
        else:
            refused = _tell(now, _older(now, everything), progress, len(everything))
        old_news_is_read(now - FRESH)
        refused += _tell(now, [one for one in everything if one.received_at > now - FRESH], progress, len(everything))
    settle(now)
    if not refused:
        founding.note_finished(len(everything))
    return refused


def tell_share(share: str) -> list[str]:
    """Tell a share of the older stories, written "0/2" for the first of two; what was refused."""
    number, of = (int(part) for part in share.split("/"))
    now = founding.anchor(None)
    with _no_pauses():
        return _tell(now, _older(now, stories(now))[number::of], lambda _told, _all: None, 0)


def _older(now: datetime, everything: list[model.Story]) -> list[model.Story]:
    return [story for story in everything if story.received_at <= now - FRESH]


def _begin(now: datetime, everything: list[model.Story]) -> None:
    begun, stage = begun_already(), Stage(now)
    for story in everything:
        if story.key not in begun:
            stage.begin(story)


def _tell(now: datetime, wanted: list[model.Story], progress: Progress, total: int) -> list[str]:
    stage, begun, told, refused = Stage(now), begun_already(), told_already(), []
    before = len(told)
    for number, story in enumerate((one for one in wanted if one.key not in told), start=1):
        try:
            stage.play(story, begun[story.key])
        except AmendsError as refusal:
            refused.append(f"The demo story {story.key} could not be told: {refusal}")
        if number % 50 == 0:
            gc.collect()
        progress(before + number, total)
    return refused


def _tell_together(processes: int, progress: Progress, total: int) -> list[str]:
    """Let so many processes of this program tell a share each. They end when this one does, however it ends."""
    children = [
        Child(f"demo {number + 1}", "demo", variables={SHARE: f"{number}/{processes}"}) for number in range(processes)
    ]
    try:
        for child in children:
            child.start(go=True)
        while any(child.ended() is None for child in children):
            time.sleep(LOOK_SECONDS)
            progress(len(told_already()), total)
    finally:
        for child in children:
            child.end()
        for child in children:
            child.wait(time.monotonic() + END_SECONDS)
    return [f"The {child.name} process could not tell its share; see above." for child in children if child.ended()]


@contextmanager
def _no_pauses() -> Iterator[None]:
    """No garbage collection: hundreds of thousands of short-lived objects, hardly a cycle; it saves a tenth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
