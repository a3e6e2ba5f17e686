"""Where a complaint stands, in the few plain words a customer needs (PURE)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from amends.cases.public import Phase

StageState = Literal["done", "now", "to_come"]
STATE_WORDS: dict[StageState, LazyText] = {"done": _("done"), "now": _("now"), "to_come": _("to come")}


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the way; `at` is when it was reached, if that is known."""

    words: str | LazyText
    state: StageState
    at: datetime | None = None

    @property
    def state_words(self) -> str | LazyText:
        """The state in a word, for those who do not see the shape."""
        return STATE_WORDS[self.state]


@dataclass(frozen=True, slots=True)
class Dates:
    """When things happened; None is not yet."""

    received: datetime
    proposed: datetime | None = None
    agreed: datetime | None = None
    settled: datetime | None = None


RECEIVED, LOOKING, PROPOSAL, DOING, SETTLED = (
    _("Your complaint has arrived"),
    _("I find out what happened"),
    _("You have a proposal and decide about it"),
    _("We do what was agreed"),
    _("Settled"),
)
_PLACE: dict[str, int] = {
    Phase.RECEIVED: 1,
    Phase.REGISTERED: 1,
    Phase.ACKNOWLEDGED: 1,
    Phase.INVESTIGATING: 1,
    Phase.PROPOSED: 2,
    Phase.AGREED: 3,
    Phase.CARRYING_OUT: 3,
    Phase.RESOLVED: 5,
    Phase.FOLLOWED_UP: 5,
    Phase.CLOSED: 5,
}
"""Which of the five stages is now; 5 is past the last."""

ENDED: dict[str, LazyText] = {
    Phase.WITHDRAWN: _("You have taken your complaint back. If that is not so, write to me below."),
    Phase.OUT_OF_JURISDICTION: _("This is something we cannot decide. My letter says who can."),
}


def way(phase: str, dates: Dates) -> list[Stage]:
    """The stages of a complaint in this phase; a settled one leaves out what never happened. Empty: it ended early."""
    place = _PLACE.get(phase)
    if place is None:
        return []
    times = (dates.received, None, dates.proposed, dates.agreed, dates.settled)
    stages = []
    for number, (words, at) in enumerate(zip((RECEIVED, LOOKING, PROPOSAL, DOING, SETTLED), times, strict=True)):
        if place == 5 and number in (2, 3) and at is None:
            continue
        state: StageState = "done" if number < place else ("now" if number == place else "to_come")
        stages.append(Stage(words, state, at if state != "to_come" else None))
    return stages
