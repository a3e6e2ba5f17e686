"""A tiny ordered registry: the only way one domain extends another's page or answer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Keyed(Protocol):
    """Anything with a key and a place in the order."""

    @property
    def key(self) -> str: ...

    @property
    def order(self) -> int: ...


T = TypeVar("T", bound=Keyed)


class Registry(Generic[T]):
    """Holds entries by key; a second entry with the same key is a mistake in the program."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: dict[str, T] = {}

    def register(self, entry: T) -> T:
        """Add an entry.

        Raises:
            ValueError: the key is taken by a different entry.
        """
        if self._entries.get(entry.key, entry) is not entry:
            raise ValueError(f"{self.name}: the key {entry.key!r} is taken.")
        self._entries[entry.key] = entry
        return entry

    def get(self, key: str) -> T | None:
        """The entry with this key, or None."""
        return self._entries.get(key)

    def __iter__(self) -> Iterator[T]:
        return iter(sorted(self._entries.values(), key=lambda entry: (entry.order, entry.key)))

    def __len__(self) -> int:
        return len(self._entries)
