"""Apple's App Store: the public feed of customer reviews of one app in one country.

Ten pages of fifty at most, newest first, as JSON. It is a feed: no replies, no looking up, and a review that is not in it
may only be too old. The first entry of older feeds is the app itself; a page with one entry has it without a list.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.reviews.connectors.base import (
    Account,
    Capabilities,
    Connector,
    Cursor,
    Item,
    Page,
    Permanent,
    Setting,
    connectors,
)
from amends.intake.channels.reviews.connectors.calls import (
    as_object,
    ask,
    inside,
    moment_of,
    pause_wanted,
    stars,
    words,
)
from amends.intake.channels.reviews.connectors.sweep import Sweep

PAGES = 10
OVERLAP = timedelta(days=3)


class AppStore(Connector):
    """The reviews of one app in one country."""

    key = "app_store"
    order = 30
    name = _("App Store (RSS)")
    capabilities = Capabilities()
    wanted = (
        Setting("app_id", _("App id (digits)"), r"[0-9]{3,15}"),
        Setting("country", _("Country (two letters)"), r"[a-z]{2}", default="gb"),
    )

    def __init__(self, api: str = "https://itunes.apple.com") -> None:
        self._api = api

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """Newest first."""
        sweep = Sweep(cursor, OVERLAP)
        number = int(sweep.page or 1)
        country, app_id = source.settings["country"], source.settings["app_id"]
        path = f"{country}/rss/customerreviews/page={number}/id={app_id}/sortby=mostrecent/json"
        answer = ask("GET", f"{self._api}/{path}")
        feed = as_object(answer).get("feed")
        if not isinstance(feed, dict):
            raise Permanent("The answer is not the feed of an app's reviews.")
        entries = feed.get("entry") or []
        entries = [entries] if isinstance(entries, dict) else entries
        reviews = [one for one in entries if isinstance(one, dict) and "im:rating" in one]
        items = [item for one in reviews if (item := _item(one)) is not None]
        last = not reviews or number >= PAGES
        following, more = sweep.after([one.updated_at for one in items], None if last else str(number + 1))
        return Page(items, following, more=more, unreadable=len(reviews) - len(items), pause=pause_wanted(answer))


def _label(entry: dict[str, Any], *path: str) -> str:
    return words(inside(entry, *path, "label"))


def _item(entry: dict[str, Any]) -> Item | None:
    external_id = _label(entry, "id")
    if not external_id:
        return None
    updated = moment_of(_label(entry, "updated"))
    return Item(
        external_id=external_id,
        author=_label(entry, "author", "name"),
        rating=stars(_label(entry, "im:rating")),
        title=_label(entry, "title"),
        text=_label(entry, "content"),
        url=words(inside(entry, "link", "attributes", "href")) or _label(entry, "author", "uri"),
        published_at=updated,
        updated_at=updated,
        raw=entry,
    )


connectors.register(AppStore())
