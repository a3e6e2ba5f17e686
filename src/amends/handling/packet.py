"""What handling adds to the packet of a hand-off: the promises, what was tried, and the questions that were answered."""

from __future__ import annotations

from typing import Any

from amends.cases.public import Complaint
from amends.core.text import shorten
from amends.handling.selectors.investigation import investigation_of
from amends.handling.selectors.promises import promises_of
from amends.handling.selectors.tries import tried_in_vain, tries_of
from amends.routing.public import FailedTries, PacketPart, failed_tries, packet_parts


def promises(complaint: Complaint) -> list[dict[str, Any]]:
    """What the customer was promised: `what`, `due` (a day), `state`."""
    return [
        {"what": shorten(one.what, 200), "due": one.due_latest.isoformat(), "state": one.state}
        for one in promises_of(complaint)
    ]


def found_out(complaint: Complaint) -> list[dict[str, str]]:
    """The questions of the playbook with their answers: `question`, `answer`."""
    _playbook, asked = investigation_of(complaint, "en")
    return [
        {"question": one.question.ask.in_language("en"), "answer": shorten(one.shown, 300)}
        for one in asked
        if one.answer is not None
    ]


def tries(complaint: Complaint) -> list[dict[str, Any]]:
    """What was tried: `what`, `helped`."""
    return [{"what": shorten(one.what, 300), "helped": one.helped} for one in tries_of(complaint)]


packet_parts.register(PacketPart("tries", tries, order=15))
failed_tries.register(FailedTries("tries", tried_in_vain))
packet_parts.register(PacketPart("promises", promises, order=10))
packet_parts.register(PacketPart("found_out", found_out, order=20))
