"""Mastodon (and servers that speak its API): who mentions us, or what is said under a hashtag.

Documented at docs.joinmastodon.org (methods/notifications, methods/timelines, methods/statuses, api/rate-limits): lists are
read forward with `min_id`, the Link header names the next piece; a status is posted with an Idempotency-Key, which the
server keeps for an hour, so that after a crash our reply is looked for among the answers first.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from django.utils.translation import gettext_lazy as _

from amends.core.outgoing import Answer, OutgoingError
from amends.intake.channels.email.html import to_text
from amends.intake.channels.reviews.connectors.base import (
    Account,
    Capabilities,
    Connector,
    Cursor,
    Gone,
    Item,
    Page,
    ReplyState,
    Setting,
    Temporary,
    connectors,
    same_words,
)
from amends.intake.channels.reviews.connectors.calls import (
    as_object,
    ask,
    inside,
    moment_of,
    pause_wanted,
    with_fixed_token,
    words,
)

PAGE = 40
REPLY_LIMIT = 450  # 500 there; the name of whom we answer counts
_LINK = re.compile(r'<([^<>]{1,2000})>\s*;\s*rel="?prev"?')


class Mastodon(Connector):
    """The mentions of our account, or a hashtag."""

    key = "mastodon"
    order = 60
    name = "Mastodon"
    capabilities = Capabilities(replies=True, reply_limit=REPLY_LIMIT, repeatable=False, looks_up=True)
    wanted = (
        Setting("server", _("Server (https://…)"), r"https?://[A-Za-z0-9.:\[\]-]{3,200}"),
        Setting("hashtag", _("Hashtag, empty for mentions of our account"), r"\w{1,100}", required=False),
        Setting("access_token", _("Access token"), secret=True),
    )

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """What came after the last id."""
        hashtag = source.settings.get("hashtag", "")
        path = f"timelines/tag/{quote(hashtag, safe='')}" if hashtag else "notifications"
        since = str(cursor.get("min_id") or "0")
        params: dict[str, str | int] = {"min_id": since, "limit": PAGE}
        if not hashtag:
            params["types[]"] = "mention"
        answer = self._call(source, "GET", path, params=params)
        entries = _list(answer)
        statuses = [one if hashtag else one.get("status") for one in entries if isinstance(one, dict)]
        items = [item for one in statuses if isinstance(one, dict) and (item := _item(one)) is not None]
        newest = _newest(entries, answer, since)
        return Page(
            items,
            {"min_id": newest},
            more=bool(entries) and newest != since,
            unreadable=len(entries) - len(items),
            pause=pause_wanted(answer),
        )

    def look_up(self, source: Account, external_id: str) -> Item | None:
        """One status as it stands now."""
        try:
            return _item(as_object(self._call(source, "GET", f"statuses/{quote(external_id, safe='')}")))
        except Gone:
            return None

    def reply(self, source: Account, item: Item, text: str, key: str) -> ReplyState:
        """Answer the status, no more visibly than it is itself."""
        body = {
            "status": _addressed(item, text),
            "in_reply_to_id": item.external_id,
            "visibility": words(item.raw.get("visibility")) or "unlisted",
        }
        answer = self._call(source, "POST", "statuses", json=body, headers={"Idempotency-Key": key})
        return ReplyState(words(as_object(answer).get("id")))

    def find_reply(self, source: Account, item: Item, text: str) -> ReplyState | None:
        """An answer of ours to the status, with these words."""
        ours = words(as_object(self._call(source, "GET", "accounts/verify_credentials")).get("id"))
        identity = quote(item.external_id, safe="")
        context = as_object(self._call(source, "GET", f"statuses/{identity}/context"))
        for one in context.get("descendants") or []:
            if inside(one, "in_reply_to_id") != item.external_id or inside(one, "account", "id") != ours:
                continue
            if same_words(to_text(words(one.get("content"))), _addressed(item, text)):
                return ReplyState(words(one.get("id")))
        return None

    def _call(self, source: Account, method: str, path: str, **given: Any) -> Answer:
        headers = {"Authorization": f"Bearer {source.secret('access_token')}"} | given.pop("headers", {})
        url = f"{source.settings['server'].rstrip('/')}/api/v1/{path}"
        return with_fixed_token(lambda: ask(method, url, headers=headers, **given))


def _addressed(item: Item, text: str) -> str:
    return f"{item.handle} {text}" if item.handle else text


def _list(answer: Answer) -> list[Any]:
    try:
        value = answer.json()
    except OutgoingError as error:
        raise Temporary(str(error)) from error
    if not isinstance(value, list):
        raise Temporary("The answer is not the list that was asked for.")
    return value


def _newest(entries: list[Any], answer: Answer, since: str) -> str:
    """The id to go on from: what the Link header says, else the greatest id (ids are numbers of any length)."""
    link = _LINK.search(answer.headers.get("link", ""))
    named = parse_qs(urlsplit(link[1]).query).get("min_id", [""])[0] if link else ""
    ids = [words(one.get("id")) for one in entries if isinstance(one, dict)]
    return max([since, named, *ids], key=lambda one: (len(one), one))


def _item(status: dict[str, Any]) -> Item | None:
    external_id = words(status.get("id"))
    if not external_id:
        return None
    account = status.get("account")
    warning = words(status.get("spoiler_text"))
    return Item(
        external_id=external_id,
        title=warning,
        text=to_text(words(status.get("content"))),
        author=words(inside(account, "display_name")) or words(inside(account, "acct")),
        handle=f"@{words(inside(account, 'acct'))}" if words(inside(account, "acct")) else "",
        language=words(status.get("language")),
        url=words(status.get("url")),
        published_at=moment_of(status.get("created_at")),
        updated_at=moment_of(status.get("edited_at")) or moment_of(status.get("created_at")),
        raw=status,
    )


connectors.register(Mastodon())
