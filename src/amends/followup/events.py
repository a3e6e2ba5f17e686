"""What happened after a complaint was settled."""

from __future__ import annotations

from dataclasses import dataclass

from amends.core.events import Event


@dataclass(frozen=True, slots=True)
class SurveyAnswered(Event):
    """The customer said how satisfied they are, 0 to 10; `unhappy` ones have taken the case up again."""

    survey_id: int
    complaint_id: int
    score: int
    unhappy: bool


@dataclass(frozen=True, slots=True)
class CheckInAnswered(Event):
    """The customer said whether it is still solved some days later."""

    check_in_id: int
    complaint_id: int
    solved: bool
