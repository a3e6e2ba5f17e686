"""What was learned, and what is done about it."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class RootCauseFound(Event):
    """A root cause was recorded; `cause_id` is the finding."""

    complaint_id: int
    cause_id: int


@dataclass(frozen=True, slots=True)
class CorrectiveActionOpened(Event):
    """Something is to be changed so that it does not happen again."""

    action_id: int


@dataclass(frozen=True, slots=True)
class CorrectiveActionDone(Event):
    """It has been changed."""

    action_id: int
