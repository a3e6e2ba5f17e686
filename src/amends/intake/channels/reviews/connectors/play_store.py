"""Google Play: the reviews of one app by the Android Publisher API v3, as a service account.

Documented at developers.google.com/android-publisher/api-ref/rest/v3/reviews and …/reply-to-reviews: the list holds what
was written or changed in the last week, in pages by `token` (or by `startIndex` where there is none); `reply` writes or
replaces our reply, 350 characters at most. The access token comes for a JWT signed with RS256 (RFC 7523).
"""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from django.utils.translation import gettext_lazy as _

from amends.core import clock
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
    one_or_gone,
    pause_wanted,
    stars,
    words,
)
from amends.intake.channels.reviews.connectors.sweep import Sweep

SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
PAGE = 100
OVERLAP = timedelta(days=30)  # the list is only a week long: it is always read whole


class PlayStore(Connector):
    """The reviews of one app."""

    key = "play_store"
    order = 40
    name = _("Google Play")
    capabilities = Capabilities(replies=True, reply_limit=350, repeatable=True, changes_reply=True, looks_up=True)
    wanted = (
        Setting("package", _("Package name"), r"[A-Za-z][\w]*(\.[A-Za-z][\w]*){1,10}"),
        Setting("service_account", _("Service account (JSON key)"), secret=True),
    )

    def __init__(
        self,
        api: str = "https://androidpublisher.googleapis.com",
        token_url: str = "https://oauth2.googleapis.com/token",  # noqa: S107  # an address
    ) -> None:
        self._api, self._token_url = api, token_url

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """The last week, page by page."""
        sweep = Sweep(cursor, OVERLAP)
        params: dict[str, str | int] = {"maxResults": PAGE}
        if sweep.page.startswith("token:"):
            params["token"] = sweep.page.removeprefix("token:")
        elif sweep.page:
            params["startIndex"] = int(sweep.page)
        try:
            answer = self._call(source, "GET", self._address(source), params=params)
        except Permanent:
            if not sweep.page or sweep.begun_again:
                raise
            return Page((), sweep.again(), more=True)  # tokens end; the sweep begins again
        value = as_object(answer)
        found = [one for one in value.get("reviews") or [] if isinstance(one, dict)]
        items = [item for one in found if (item := _item(one)) is not None]
        following, more = sweep.after([one.updated_at for one in items], _next_page(value, len(found)))
        return Page(items, following, more=more, unreadable=len(found) - len(items), pause=pause_wanted(answer))

    def look_up(self, source: Account, external_id: str) -> Item | None:
        """`reviews.get`."""
        return one_or_gone(lambda: _item(as_object(self._call(source, "GET", self._address(source, external_id)))))

    def reply(self, source: Account, item: Item, text: str, key: str) -> ReplyState:
        """`reviews.reply`, which replaces a reply that is there."""
        del key  # the same reply twice is one reply
        self._call(source, "POST", f"{self._address(source, item.external_id)}:reply", json={"replyText": text})
        return ReplyState()

    def _address(self, source: Account, external_id: str = "") -> str:
        reviews = f"{self._api}/androidpublisher/v3/applications/{source.settings['package']}/reviews"
        return f"{reviews}/{quote(external_id, safe='')}" if external_id else reviews

    def _call(self, source: Account, method: str, url: str, **given: Any) -> Any:
        def obtain() -> Token:
            assertion = signed_assertion(source.secret("service_account"), self._token_url)
            return ask_token(self._token_url, {"grant_type": GRANT, "assertion": assertion})

        return ask_with_token(source, obtain, method, url, **given)


def signed_assertion(key_file: str, audience: str) -> str:
    """The JWT with which a service account asks for an access token.

    Raises:
        Permanent: the key is not one of a service account.
    """
    try:
        account = json.loads(key_file)
        key = serialization.load_pem_private_key(account["private_key"].encode(), password=None)
        issuer = account["client_email"]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Permanent("The secret is not the JSON key of a service account.") from error
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Permanent("The key of the service account is not an RSA key.")
    now = int(clock.now().timestamp())
    header = {"alg": "RS256", "typ": "JWT"} | (
        {"kid": account["private_key_id"]} if "private_key_id" in account else {}
    )
    claims = {"iss": issuer, "scope": SCOPE, "aud": audience, "iat": now, "exp": now + 3600}
    signed = f"{_part(json.dumps(header).encode())}.{_part(json.dumps(claims).encode())}"
    return f"{signed}.{_part(key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _part(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _next_page(value: dict[str, Any], found: int) -> str | None:
    token = words(inside(value, "tokenPagination", "nextPageToken"))
    if token:
        return f"token:{token}"
    total, start = inside(value, "pageInfo", "totalResults"), inside(value, "pageInfo", "startIndex")
    if found and isinstance(total, int) and isinstance(start, int) and start + found < total:
        return str(start + found)
    return None


def _moment(value: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(int(inside(value, "seconds")), tz=UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _item(review: dict[str, Any]) -> Item | None:
    external_id = words(review.get("reviewId"))
    comments = [one for one in review.get("comments") or [] if isinstance(one, dict)]
    said = next((one["userComment"] for one in comments if isinstance(one.get("userComment"), dict)), None)
    if not external_id or said is None:
        return None
    ours = next((one["developerComment"] for one in comments if isinstance(one.get("developerComment"), dict)), None)
    title, tab, text = words(said.get("text")).partition("\t")  # title and text come in one, parted by a tab
    updated = _moment(said.get("lastModified"))
    return Item(
        external_id=external_id,
        author=words(review.get("authorName")),
        rating=stars(said.get("starRating")),
        title=title.strip() if tab else "",
        text=(text if tab else title).strip(),
        language=words(said.get("reviewerLanguage"))[:2],
        published_at=updated,
        updated_at=updated,
        our_reply=words(ours.get("text")) if ours else None,
        our_reply_at=_moment(ours.get("lastModified")) if ours else None,
        raw=review,
    )


connectors.register(PlayStore())
