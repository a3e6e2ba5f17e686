"""Who may be told of a case at all. The cases themselves know; they say so here when the program starts."""

from __future__ import annotations

from collections.abc import Callable, Iterable

Limit = Callable[[int, Iterable[int]], set[int]]
"""Of a complaint's id and people, those who may hear of it."""

_limits: list[Limit] = []


def limit_receivers(limit: Limit) -> None:
    """From now on nobody is told of a case whom this function leaves out."""
    if limit not in _limits:
        _limits.append(limit)


def permitted(complaint_id: int, user_ids: Iterable[int]) -> set[int]:
    """Those of these people who may hear of this case."""
    allowed = set(user_ids)
    for limit in _limits:
        allowed = limit(complaint_id, allowed)
    return allowed


Guarded = Callable[[int], str | None]
"""Of a complaint's id, its reference when only chosen people may know of it; None for every other case."""

_guarded: list[Guarded] = []


def keep_inside(guarded: Guarded) -> None:
    """From now on programs and shared channels hear nothing of these cases, and mails say no more than the reference."""
    if guarded not in _guarded:
        _guarded.append(guarded)


def guarded_reference(complaint_id: int | None) -> str | None:
    """The reference of a case that only chosen people may know of; None for every other one."""
    if complaint_id is None:
        return None
    return next((found for guarded in _guarded if (found := guarded(complaint_id)) is not None), None)
