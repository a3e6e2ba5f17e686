"""The one interface of all connectors: read a page of reviews, look one up, post a reply, and say what went wrong.

A connector keeps nothing: what it must remember between two pages is its cursor, a JSON object that is stored in the
same transaction as the items. It may be asked for the same page again; whoever stores the items knows them by their ids.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from amends.core.registry import Registry

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

Cursor = dict[str, Any]


class ConnectorError(Exception):
    """Something the other side did; the text is ours, fit to be shown, and without secrets."""

    kind = "temporary"


class Temporary(ConnectorError):
    """Trouble that passes: try again later."""


class RateLimited(ConnectorError):
    """Too many requests; `retry_after` says after how many seconds to ask again, None when it was not said."""

    kind = "rate_limited"

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class TokenExpired(ConnectorError):
    """Our right to ask has ended, and renewing it did not help: a person must give it again."""

    kind = "token"


class Gone(ConnectorError):
    """The place, or the review, does not exist (any more)."""

    kind = "gone"


class Permanent(ConnectorError):
    """It will not work until somebody changes something."""

    kind = "permanent"


@dataclass(frozen=True, slots=True)
class Account:
    """What a connector knows of a source.

    Attributes:
        key: stands for the source in this process, for example to keep its access token.
        settings: as given by an administrator; no secrets.
        secret: the value of a secret by its name; raises Permanent when it is not there.
    """

    key: str
    settings: Mapping[str, str]
    secret: Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Item:
    """One review or mention as it stands there now.

    Attributes:
        external_id: its id there; the same after an edit.
        handle: the account name there, when it differs from the name.
        rating: 1 to 5; None where there are no stars.
        our_reply: the words of our public reply, as they stand there; None when there is none.
        raw: what came, for later questions.
    """

    external_id: str
    text: str
    title: str = ""
    author: str = ""
    handle: str = ""
    rating: int | None = None
    language: str = ""
    url: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    our_reply: str | None = None
    our_reply_at: datetime | None = None
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of items.

    Attributes:
        cursor: what to ask the next page with.
        more: whether the next page is there already.
        whole: with this page, everything that is there has been read since the cursor was empty of pages.
        unreadable: how many entries had no id or were no entries at all.
        pause: seconds the other side wants to be left alone.
    """

    items: Sequence[Item]
    cursor: Cursor
    more: bool = False
    whole: bool = False
    unreadable: int = 0
    pause: float = 0


@dataclass(frozen=True, slots=True)
class ReplyState:
    """A reply that is there: its id there, or empty when it has none of its own."""

    remote_id: str = ""


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What a place allows.

    Attributes:
        fetches: it is asked regularly; False for files that people bring.
        replies: a reply can be posted.
        reply_limit: characters of a reply.
        repeatable: posting the same reply again changes nothing, so that it is safe after a crash.
        changes_reply: a new reply replaces the one that is there.
        lists_all: a full sweep shows every review there is, so that a missing one is gone.
        looks_up: one review can be asked for.
    """

    fetches: bool = True
    replies: bool = False
    reply_limit: int = 0
    repeatable: bool = False
    changes_reply: bool = False
    lists_all: bool = False
    looks_up: bool = False


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing an administrator gives; `pattern` is a regular expression for the whole value."""

    name: str
    label: str | _StrPromise
    pattern: str = r"[^\x00-\x1f]{1,500}"
    required: bool = True
    default: str = ""
    secret: bool = False


class Connector(ABC):
    """A place where people write about us."""

    key: str
    name: str | _StrPromise
    capabilities: Capabilities
    order: int = 100
    wanted: Sequence[Setting] = ()

    @abstractmethod
    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """The page at `cursor`; an empty one begins. `cursor["full"]` asks for everything, not only for what is new.

        Raises:
            ConnectorError: one of the kinds above.
        """

    def look_up(self, source: Account, external_id: str) -> Item | None:
        """One review as it stands there now; None when it is gone. Only where `capabilities.looks_up` says so.

        Raises:
            ConnectorError: one of the kinds above.
        """
        raise Permanent("This place cannot be asked for one review.")

    def reply(self, source: Account, item: Item, text: str, key: str) -> ReplyState:
        """Post a public reply. `key` is the same for every attempt at the same reply."""
        raise Permanent("This place takes no replies.")

    def find_reply(self, source: Account, item: Item, text: str) -> ReplyState | None:
        """Our reply with these words, when it stands there already: asked before it is posted a second time."""
        found = self.look_up(source, item.external_id)
        if found is None:
            raise Gone("The review is not there any more.")
        return ReplyState() if found.our_reply is not None and same_words(found.our_reply, text) else None


def same_words(one: str, other: str) -> bool:
    """Whether two texts are the same but for white space, which places change as they like."""
    return one.split() == other.split()


connectors: Registry[Connector] = Registry("review connectors")
