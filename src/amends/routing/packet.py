"""The packet of a hand-off: everything known about a case, so that the customer never repeats the story."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from amends.cases.public import Complaint, messages_of, points_of
from amends.clocks.public import clocks_of
from amends.core import clock
from amends.core.registry import Registry
from amends.core.text import shorten


@dataclass(frozen=True, slots=True)
class PacketPart:
    """What a domain above adds: `read` gives JSON values of a complaint."""

    key: str
    read: Callable[[Complaint], Any]
    order: int = 100


packet_parts: Registry[PacketPart] = Registry("packet parts")


def build_packet(complaint: Complaint, *, why: str = "") -> dict[str, Any]:
    """What the receiver reads first: summary, why it comes, points, what was said, tried, promised, clocks, mood.

    JSON values only. The registered parts come with their own keys: `promises`, `found_out`.
    """
    messages = messages_of(complaint)
    now = clock.now()
    return {
        "why": shorten(why, 500),
        "summary": shorten(complaint.subject or complaint.text, 200),
        "wish": shorten(complaint.desired_outcome, 300),
        "mood": None if complaint.sentiment is None else round(complaint.sentiment, 2),
        "severity": complaint.severity,
        "safety": complaint.safety,
        "vulnerable": complaint.vulnerable,
        "points": [{"words": one.words, "confirmed": one.confirmed_at is not None} for one in points_of(complaint)],
        "told": [_brief(one) for one in messages if one.direction == "out"][-5:],
        "tried": [_brief(one) for one in messages if one.direction == "internal"][-5:],
        "last_word": next((_brief(one) for one in reversed(messages) if one.direction == "in"), None),
        "clocks": [
            {"kind": one.kind, "due": one.due_at.isoformat(), "state": str(one.state(now))}
            for one in clocks_of(complaint)
        ],
        **{part.key: part.read(complaint) for part in packet_parts},
    }


def _brief(message: Any) -> dict[str, str]:
    return {"at": message.at.isoformat(), "kind": message.kind, "text": shorten(message.text, 400)}
