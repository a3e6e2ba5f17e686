"""What escalation and call-backs do when something happened elsewhere. Registered with the handlers of routing."""

from __future__ import annotations

from amends.core.events import on
from amends.intake.events import CallerReached, CallMissed
from amends.routing import missed_calls


@on(CallMissed)
def ring_back(event: CallMissed) -> None:
    """Whoever rang in vain is rung."""
    missed_calls.plan_for_missed(event)


@on(CallerReached)
def nobody_rings_again(event: CallerReached) -> None:
    """Whoever was spoken to needs no call for having rung in vain."""
    missed_calls.spoken_to(event)
