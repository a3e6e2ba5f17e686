"""What was tried and did not help: a domain above knows it, and says here how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from amends.cases.public import Complaint
from amends.core.registry import Registry


@dataclass(frozen=True, slots=True)
class FailedTries:
    """One source: `count(complaint)` says how often something was tried in vain."""

    key: str
    count: Callable[[Complaint], int]
    order: int = 100


failed_tries: Registry[FailedTries] = Registry("failed tries")


def tries_in_vain(complaint: Complaint) -> int:
    """How often something was tried in this case that did not help."""
    return sum(source.count(complaint) for source in failed_tries)
