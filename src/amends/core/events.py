"""Say what happened; let others react.

An event is a frozen dataclass named in the past tense, defined in the `events` module of the domain it happened in.
`publish` runs every handler at once, inside the same transaction: what a handler writes is committed with the
change that caused it, or not at all. Whatever leaves the machine is deferred by the handler as a job, which is a row
in the same database.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events. Fields are ids and plain values, never model instances."""


E = TypeVar("E", bound=Event)
Handler = Callable[[Any], None]

_handlers: dict[type[Event], list[Handler]] = defaultdict(list)


def on(event_type: type[E]) -> Callable[[Callable[[E], None]], Callable[[E], None]]:
    """Register the decorated function as a reaction to `event_type`, in order of registration."""

    def register(handler: Callable[[E], None]) -> Callable[[E], None]:
        if handler not in _handlers[event_type]:
            _handlers[event_type].append(handler)
        return handler

    return register


def publish(event: Event) -> None:
    """Run every handler of this event now, in the caller's transaction.

    Raises:
        RuntimeError: there is no open transaction, so a crash could keep half of what happened.
    """
    if not connection.in_atomic_block:
        raise RuntimeError(f"{type(event).__name__} was published outside a transaction.")
    for handler in _handlers[type(event)]:
        handler(event)


def registered() -> dict[type[Event], tuple[Handler, ...]]:
    """Every event type with its handlers, for the generated journey page."""
    return {event_type: tuple(handlers) for event_type, handlers in _handlers.items() if handlers}
