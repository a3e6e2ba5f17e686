"""Trustpilot: the service reviews of a business unit, with OAuth 2.0.

Documented at developers.trustpilot.com (Business Units API, Service Reviews API, Authentication): pages by number, 100 at
most, newest first by creation; a reply is one POST that is not safe to repeat, so that it is looked for before a second.
"""

from __future__ import annotations

import base64
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _

from amends.intake.channels.reviews.connectors.base import (
    Account,
    Capabilities,
    Connector,
    Cursor,
    Item,
    Page,
    ReplyState,
    Setting,
    connectors,
)
from amends.intake.channels.reviews.connectors.calls import (
    Token,
    as_object,
    ask_token,
    ask_with_token,
    inside,
    moment_of,
    one_or_gone,
    pause_wanted,
    stars,
    words,
)
from amends.intake.channels.reviews.connectors.sweep import Sweep

PAGE = 100
OVERLAP = timedelta(
    days=14
)  # the list is by creation: an edit within this time is seen at once, a later one by the full sweep
TOKEN_PATH = "/v1/oauth/oauth-business-users-for-applications/accesstoken"  # noqa: S105  # an address


class Trustpilot(Connector):
    """The reviews of one business unit."""

    key = "trustpilot"
    order = 20
    name = "Trustpilot"
    capabilities = Capabilities(replies=True, reply_limit=5000, lists_all=True, looks_up=True)
    wanted = (
        Setting("business_unit", _("Business unit id"), r"[0-9a-fA-F]{24}"),
        Setting("author", _("Business user id that replies"), r"[0-9a-fA-F]{24}"),
        Setting("api_key", _("API key"), secret=True),
        Setting("api_secret", _("API secret"), secret=True),
    )

    def __init__(self, api: str = "https://api.trustpilot.com") -> None:
        self._api = api

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """Newest first."""
        sweep = Sweep(cursor, OVERLAP)
        number = int(sweep.page or 1)
        url = f"{self._api}/v1/private/business-units/{source.settings['business_unit']}/reviews"
        params: dict[str, str | int] = {"page": number, "perPage": PAGE, "orderBy": "createdat.desc"}
        answer = self._call(source, "GET", url, params=params)
        found = [one for one in as_object(answer).get("reviews") or [] if isinstance(one, dict)]
        items = [item for one in found if (item := self._item(one)) is not None]
        following, more = sweep.after([one.published_at for one in items], str(number + 1) if found else None)
        return Page(
            items,
            following,
            more=more,
            whole=sweep.full and not more,
            unreadable=len(found) - len(items),
            pause=pause_wanted(answer),
        )

    def look_up(self, source: Account, external_id: str) -> Item | None:
        """The private view of one review."""
        return one_or_gone(lambda: self._item(as_object(self._call(source, "GET", self._address(external_id)))))

    def reply(self, source: Account, item: Item, text: str, key: str) -> ReplyState:
        """Post the reply in the name of the business user."""
        del key  # there is no such thing there
        body = {"authorBusinessUserId": source.settings["author"], "message": text}
        self._call(source, "POST", f"{self._address(item.external_id)}/reply", json=body)
        return ReplyState()

    def _address(self, external_id: str) -> str:
        return f"{self._api}/v1/private/reviews/{quote(external_id, safe='')}"

    def _call(self, source: Account, method: str, url: str, **given: Any) -> Any:
        def obtain() -> Token:
            pair = f"{source.secret('api_key')}:{source.secret('api_secret')}".encode()
            basic = {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
            return ask_token(self._api + TOKEN_PATH, {"grant_type": "client_credentials"}, headers=basic)

        return ask_with_token(source, obtain, method, url, **given)

    def _item(self, review: dict[str, Any]) -> Item | None:
        external_id = words(review.get("id"))
        if not external_id:
            return None
        reply = review.get("companyReply")
        return Item(
            external_id=external_id,
            author=words(inside(review, "consumer", "displayName")),
            rating=stars(review.get("stars")),
            title=words(review.get("title")),
            text=words(review.get("text")),
            language=words(review.get("language")),
            url=f"https://www.trustpilot.com/reviews/{quote(external_id, safe='')}",
            published_at=moment_of(review.get("createdAt")),
            updated_at=moment_of(review.get("updatedAt")),
            our_reply=words(inside(reply, "text")) if isinstance(reply, dict) else None,
            our_reply_at=moment_of(inside(reply, "createdAt")),
            raw=review,
        )


connectors.register(Trustpilot())
