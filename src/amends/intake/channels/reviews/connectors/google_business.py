"""Google Business Profile: the reviews of a location (API v4), with OAuth 2.0.

Documented at developers.google.com/my-business/reference/rest/v4/accounts.locations.reviews: `reviews.list` (pageSize up to
50, pageToken, orderBy), `reviews.get`, `reviews.updateReply` (PUT, so that the same reply twice is one reply).
"""

from __future__ import annotations

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
    Permanent,
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
    words,
)
from amends.intake.channels.reviews.connectors.sweep import Sweep

STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}
PAGE = 50
OVERLAP = timedelta(days=1)
REPLY_LIMIT = 4000  # 4,096 bytes there; letters of other alphabets take more, so the bytes are counted as well


class GoogleBusiness(Connector):
    """The reviews of one location."""

    key = "google_business"
    order = 10
    name = _("Google Business Profile")
    capabilities = Capabilities(
        replies=True, reply_limit=REPLY_LIMIT, repeatable=True, changes_reply=True, lists_all=True, looks_up=True
    )
    wanted = (
        Setting("location", _("Location (accounts/…/locations/…)"), r"accounts/[\w-]{1,80}/locations/[\w-]{1,80}"),
        Setting("client_id", _("OAuth client id"), secret=True),
        Setting("client_secret", _("OAuth client secret"), secret=True),
        Setting("refresh_token", _("OAuth refresh token"), secret=True),
    )

    def __init__(
        self,
        api: str = "https://mybusiness.googleapis.com/v4",
        token_url: str = "https://oauth2.googleapis.com/token",  # noqa: S107  # an address
    ) -> None:
        self._api, self._token_url = api, token_url

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """Newest changes first, so that an edited review comes again."""
        sweep = Sweep(cursor, OVERLAP)
        params: dict[str, str | int] = {"pageSize": PAGE, "orderBy": "updateTime desc"}
        if sweep.page:
            params["pageToken"] = sweep.page
        url = f"{self._api}/{source.settings['location']}/reviews"
        try:
            answer = self._call(source, "GET", url, params=params)
        except Permanent:
            if not sweep.page or sweep.begun_again:
                raise
            return Page((), sweep.again(), more=True)  # page tokens end; the sweep begins again
        value = as_object(answer)
        found = [one for one in value.get("reviews") or [] if isinstance(one, dict)]
        items = [item for one in found if (item := self._item(one)) is not None]
        following, more = sweep.after([one.updated_at for one in items], words(value.get("nextPageToken")))
        return Page(
            items,
            following,
            more=more,
            whole=sweep.full and not more,
            unreadable=len(found) - len(items),
            pause=pause_wanted(answer),
        )

    def look_up(self, source: Account, external_id: str) -> Item | None:
        """`reviews.get`."""
        return one_or_gone(lambda: self._item(as_object(self._call(source, "GET", self._address(source, external_id)))))

    def reply(self, source: Account, item: Item, text: str, key: str) -> ReplyState:
        """`reviews.updateReply`."""
        del key  # a PUT
        if len(text.encode()) > 4096:
            raise Permanent("Google takes at most 4,096 bytes.")
        self._call(source, "PUT", f"{self._address(source, item.external_id)}/reply", json={"comment": text})
        return ReplyState()

    def _address(self, source: Account, external_id: str) -> str:
        return f"{self._api}/{source.settings['location']}/reviews/{quote(external_id, safe='')}"

    def _call(self, source: Account, method: str, url: str, **given: Any) -> Any:
        def obtain() -> Token:
            names = ("client_id", "client_secret", "refresh_token")
            form = {"grant_type": "refresh_token"} | {name: source.secret(name) for name in names}
            return ask_token(self._token_url, form)

        return ask_with_token(source, obtain, method, url, **given)

    def _item(self, review: dict[str, Any]) -> Item | None:
        external_id = words(review.get("reviewId")) or words(review.get("name")).rpartition("/")[2]
        if not external_id:
            return None
        reply = review.get("reviewReply")
        return Item(
            external_id=external_id,
            author=words(inside(review, "reviewer", "displayName")),
            rating=STARS.get(words(review.get("starRating"))),
            text=words(review.get("comment")),
            published_at=moment_of(review.get("createTime")),
            updated_at=moment_of(review.get("updateTime")),
            our_reply=words(inside(reply, "comment")) if isinstance(reply, dict) else None,
            our_reply_at=moment_of(inside(reply, "updateTime")),
            raw=review,
        )


connectors.register(GoogleBusiness())
