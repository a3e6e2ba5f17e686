"""Servers on this machine that speak the documented shapes of the review platforms, and refuse what is not documented."""

from __future__ import annotations

import base64
import json
import re
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

BEGIN = datetime(2026, 3, 2, 9, tzinfo=UTC)


@dataclass
class Asked:
    """One request as it came."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)

    def form(self) -> dict[str, str]:
        return {name: values[0] for name, values in parse_qs(self.body.decode()).items()}


@dataclass
class Said:
    """One answer; `drop` breaks the connection after the work was done and before anything is said."""

    status: int = 200
    value: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str = "application/json"
    drop: bool = False


class Server:
    """A server whose next answers can be replaced by faults: `faults` holds what the next API requests get instead."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Said] = []
        self.drop_after: int | None = None
        handler = type("Handler", (_Handler,), {"server_of": self})
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._http.daemon_threads = True
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}"

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join(5)

    def handle(self, asked: Asked) -> Said:
        raise NotImplementedError

    def count(self, method: str, part: str) -> int:
        return sum(one.method == method and part in one.path for one in self.asked)


class _Handler(BaseHTTPRequestHandler):
    server_of: Server

    def _answer(self) -> None:
        split = urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        asked = Asked(
            self.command,
            unquote(split.path),
            parse_qs(split.query, keep_blank_values=True),
            {name.lower(): value for name, value in self.headers.items()},
            self.rfile.read(length),
        )
        server = self.server_of
        server.asked.append(asked)
        said = server.faults.pop(0) if server.faults and "token" not in asked.path else server.handle(asked)
        if server.faults and server.faults[0].drop and said.status < 300 and asked.method != "GET":
            server.faults.pop(0)
            self.close_connection = True
            return
        body = said.value if isinstance(said.value, bytes) else json.dumps(said.value).encode()
        with suppress(OSError):
            self.send_response(said.status)
            for name, value in {"Content-Type": said.content_type, **said.headers}.items():
                self.send_header(name, value)
            body = b"" if said.status == 304 else body
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815  # the names of the library

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the name of the library
        """Say nothing."""


def strict(asked: Asked, allowed: set[str]) -> Said | None:
    """400 for a parameter that is not documented."""
    wrong = set(asked.query) - allowed
    return Said(400, {"error": {"message": f"unknown parameters {sorted(wrong)}"}}) if wrong else None


class OAuth(Server):
    """A server with access tokens that end: `ttl` uses each."""

    refresh_works = True

    def __init__(self) -> None:
        super().__init__()
        self.tokens_given = 0
        self.good: str | None = None

    def give_token(self) -> Said:
        if not self.refresh_works:
            return Said(400, {"error": "invalid_grant"})
        self.tokens_given += 1
        self.good = f"access-{self.tokens_given}"
        return Said(200, {"access_token": self.good, "expires_in": 3600, "token_type": "Bearer"})

    def end_tokens(self) -> None:
        self.good = None

    def unauthorised(self, asked: Asked) -> Said | None:
        if self.good is None or asked.headers.get("authorization") != f"Bearer {self.good}":
            return Said(401, {"error": {"code": 401, "status": "UNAUTHENTICATED"}})
        return None


class Google(OAuth):
    """mybusiness.googleapis.com/v4 for one location, newest change first, with page tokens."""

    location = "accounts/1/locations/2"
    page = 50

    def __init__(self) -> None:
        super().__init__()
        self.reviews: dict[str, dict[str, Any]] = {}
        self.lost_tokens: set[str] = set()

    def add(self, number: int, stars: str = "ONE", comment: str = "It broke", at: datetime | None = None) -> None:
        moment = (at or BEGIN + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
        identity = f"r{number}"
        self.reviews[identity] = {
            "name": f"{self.location}/reviews/{identity}",
            "reviewId": identity,
            "reviewer": {"displayName": f"Person {number}", "isAnonymous": False},
            "starRating": stars,
            "comment": comment,
            "createTime": moment,
            "updateTime": moment,
        }

    def handle(self, asked: Asked) -> Said:
        if asked.path == "/token":
            form = asked.form()
            wanted = {
                "grant_type": "refresh_token",
                "client_id": "id",
                "client_secret": "secret",
                "refresh_token": "again",
            }
            return self.give_token() if form == wanted else Said(400, {"error": "invalid_client"})
        if (refused := self.unauthorised(asked)) is not None:
            return refused
        base = f"/v4/{self.location}/reviews"
        if asked.path == base and asked.method == "GET":
            return strict(asked, {"pageSize", "pageToken", "orderBy"}) or self._list(asked)
        found = re.fullmatch(re.escape(base) + r"/([^/]+)(/reply)?", asked.path)
        if found is None or found[1] not in self.reviews:
            return Said(404, {"error": {"code": 404, "status": "NOT_FOUND"}})
        review = self.reviews[found[1]]
        if found[2] and asked.method == "PUT":
            body = asked.json()
            if set(body) != {"comment"} or len(body["comment"].encode()) > 4096:
                return Said(400, {"error": {"status": "INVALID_ARGUMENT"}})
            review["reviewReply"] = {"comment": body["comment"], "updateTime": "2026-03-09T10:00:00Z"}
            return Said(200, review["reviewReply"])
        return Said(200, review) if asked.method == "GET" and not found[2] else Said(405, {})

    def _list(self, asked: Asked) -> Said:
        size = int(asked.query.get("pageSize", ["50"])[0])
        if not 1 <= size <= 50 or asked.query.get("orderBy") not in (["updateTime desc"], ["rating"], None):
            return Said(400, {"error": {"status": "INVALID_ARGUMENT"}})
        token = asked.query.get("pageToken", ["page-0"])[0]
        if token in self.lost_tokens or not token.startswith("page-"):
            self.lost_tokens.discard(token)
            return Said(400, {"error": {"status": "INVALID_ARGUMENT"}})
        begin, size = int(token.removeprefix("page-")), min(size, self.page)
        rows = sorted(self.reviews.values(), key=lambda one: one["updateTime"], reverse=True)
        value: dict[str, Any] = {"averageRating": 3.1, "totalReviewCount": len(rows)}
        if rows[begin : begin + size]:
            value["reviews"] = rows[begin : begin + size]
        if begin + size < len(rows):
            value["nextPageToken"] = f"page-{begin + size}"
        return Said(200, value)


class TrustpilotServer(OAuth):
    """api.trustpilot.com: pages by number, newest creation first."""

    unit, author = "507f191e810c19729de860ea", "507f191e810c19729de860eb"

    def __init__(self) -> None:
        super().__init__()
        self.reviews: dict[str, dict[str, Any]] = {}
        self.posts = 0

    def add(self, number: int, stars: int = 1, text: str = "Never came", at: datetime | None = None) -> None:
        moment = (at or BEGIN + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
        identity = f"{number:024x}"
        self.reviews[identity] = {
            "id": identity, "stars": stars, "title": f"Order {number}", "text": text, "language": "en",
            "createdAt": moment, "updatedAt": None, "companyReply": None, "status": "active",
            "consumer": {"id": "c", "displayName": f"Person {number}"}, "referralEmail": "private@example.org",
        }  # fmt: skip

    def handle(self, asked: Asked) -> Said:
        if asked.path == "/v1/oauth/oauth-business-users-for-applications/accesstoken":
            basic = "Basic " + base64.b64encode(b"key:secret").decode()
            good = asked.headers.get("authorization") == basic and asked.form() == {"grant_type": "client_credentials"}
            return self.give_token() if good and asked.method == "POST" else Said(401, {"message": "unknown"})
        if (refused := self.unauthorised(asked)) is not None:
            return refused
        if asked.path == f"/v1/private/business-units/{self.unit}/reviews" and asked.method == "GET":
            return strict(asked, {"page", "perPage", "orderBy", "stars", "language"}) or self._list(asked)
        found = re.fullmatch(r"/v1/private/reviews/([0-9a-f]{24})(/reply)?", asked.path)
        if found is None or found[1] not in self.reviews:
            return Said(404, {"message": "not found"})
        review = self.reviews[found[1]]
        if found[2] and asked.method == "POST":
            body = asked.json()
            if (
                set(body) - {"submittedAt"} != {"authorBusinessUserId", "message"}
                or body["authorBusinessUserId"] != self.author
            ):
                return Said(400, {"message": "bad request"})
            self.posts += 1
            review["companyReply"] = {"text": body["message"], "createdAt": "2026-03-09T10:00:00Z", "updatedAt": None}
            return Said(201, {})
        return Said(200, review) if asked.method == "GET" and not found[2] else Said(405, {})

    def _list(self, asked: Asked) -> Said:
        page, size = int(asked.query["page"][0]), int(asked.query["perPage"][0])
        if page < 1 or not 1 <= size <= 100 or asked.query["orderBy"] != ["createdat.desc"]:
            return Said(400, {"message": "bad request"})
        rows = sorted(self.reviews.values(), key=lambda one: one["createdAt"], reverse=True)
        return Said(200, {"links": [], "reviews": rows[(page - 1) * size : page * size]})


class AppStoreServer(Server):
    """itunes.apple.com: the feed of customer reviews, ten pages of fifty."""

    def __init__(self) -> None:
        super().__init__()
        self.reviews: list[dict[str, Any]] = []

    def add(self, number: int, rating: int = 1, text: str = "Crashes") -> None:
        def label(value: str) -> dict[str, str]:
            return {"label": value}

        self.reviews.insert(
            0,
            {
                "author": {"uri": label("https://example.com/u"), "name": label(f"Person {number}"), "label": ""},
                "updated": label((BEGIN + timedelta(hours=number)).strftime("%Y-%m-%dT%H:%M:%S-07:00")),
                "im:rating": label(str(rating)), "im:version": label("2.1"), "id": label(str(1000 + number)),
                "title": label(f"Title {number}"), "content": {"label": text, "attributes": {"type": "text"}},
                "link": {"attributes": {"rel": "related", "href": f"https://example.com/review/{number}"}},
            },
        )  # fmt: skip

    def handle(self, asked: Asked) -> Said:
        found = re.fullmatch(r"/gb/rss/customerreviews/page=(\d+)/id=123456/sortby=mostrecent/json", asked.path)
        if found is None or asked.query or not 1 <= int(found[1]) <= 10:
            return Said(400, b"CustomerReviews RSS page depth is limited to 10", content_type="text/plain")
        page = int(found[1])
        rows: Any = self.reviews[(page - 1) * 50 : page * 50]
        feed: dict[str, Any] = {"author": {"name": {"label": "iTunes Store"}}, "link": []}
        if rows:
            feed["entry"] = rows[0] if len(rows) == 1 else rows  # one entry comes without a list
        return Said(200, {"feed": feed}, content_type="text/javascript; charset=utf-8")


class PlayServer(OAuth):
    """androidpublisher v3: pages by token, or by index when `by_index`; the token for a signed JWT only."""

    package = "com.example.app"
    by_index = False
    page = 10

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.reviews: dict[str, dict[str, Any]] = {}

    def account(self) -> str:
        pem = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return json.dumps(
            {
                "type": "service_account",
                "client_email": "r@p.example",
                "private_key_id": "k1",
                "private_key": pem.decode(),
            }
        )

    def add(self, number: int, stars: int = 1, text: str = "Title\tDoes not start") -> None:
        seconds = str(int((BEGIN + timedelta(hours=number)).timestamp()))
        said = {
            "text": text,
            "lastModified": {"seconds": seconds, "nanos": 5},
            "starRating": stars,
            "reviewerLanguage": "de",
        }
        self.reviews[f"gp:{number}"] = {
            "reviewId": f"gp:{number}", "authorName": f"Person {number}", "comments": [{"userComment": said}],
        }  # fmt: skip

    def handle(self, asked: Asked) -> Said:
        if asked.path == "/token":
            return self._token(asked)
        if (refused := self.unauthorised(asked)) is not None:
            return refused
        base = f"/androidpublisher/v3/applications/{self.package}/reviews"
        if asked.path == base and asked.method == "GET":
            return strict(asked, {"maxResults", "startIndex", "token", "translationLanguage"}) or self._list(asked)
        identity, _, verb = asked.path.removeprefix(f"{base}/").rpartition(":reply") if asked.path.endswith(":reply") else (
            asked.path.removeprefix(f"{base}/"), "", "",
        )  # fmt: skip
        review = self.reviews.get(identity)
        if review is None:
            return Said(404, {"error": {"code": 404}})
        if asked.path.endswith(":reply") and asked.method == "POST":
            body = asked.json()
            if set(body) != {"replyText"} or len(body["replyText"]) > 350:
                return Said(400, {"error": {"code": 400}})
            ours = {"text": body["replyText"], "lastModified": {"seconds": "1773050000"}}
            review["comments"] = [review["comments"][0], {"developerComment": ours}]
            return Said(200, {"result": {"replyText": body["replyText"], "lastEdited": {"seconds": "1773050000"}}})
        return Said(200, review) if asked.method == "GET" and not verb else Said(405, {})

    def _token(self, asked: Asked) -> Said:
        form = asked.form()
        if form.get("grant_type") != "urn:ietf:params:oauth:grant-type:jwt-bearer":
            return Said(400, {"error": "unsupported_grant_type"})
        signed, _, signature = form["assertion"].rpartition(".")
        head, claims = (json.loads(_unpart(one)) for one in signed.split("."))
        try:
            self.key.public_key().verify(_unpart(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256())
        except Exception:  # noqa: BLE001  # a wrong signature of whatever kind
            return Said(400, {"error": "invalid_grant"})
        right = (
            head == {"alg": "RS256", "typ": "JWT", "kid": "k1"}
            and claims["aud"] == f"{self.url}/token"
            and claims["iss"] == "r@p.example"
            and claims["scope"] == "https://www.googleapis.com/auth/androidpublisher"
            and 0 < claims["exp"] - claims["iat"] <= 3600
        )
        return self.give_token() if right else Said(400, {"error": "invalid_grant"})

    def _list(self, asked: Asked) -> Said:
        if int(asked.query.get("maxResults", ["10"])[0]) > 100 or {"token", "startIndex"} <= set(asked.query):
            return Said(400, {"error": {"code": 400}})
        begin = int(asked.query.get("token", asked.query.get("startIndex", ["0"]))[0])
        rows = list(self.reviews.values())[::-1]
        shown = rows[begin : begin + self.page]
        value: dict[str, Any] = {"reviews": shown} if shown else {}
        if self.by_index:
            value["pageInfo"] = {"totalResults": len(rows), "resultPerPage": self.page, "startIndex": begin}
        elif begin + self.page < len(rows):
            value["tokenPagination"] = {"nextPageToken": str(begin + self.page)}
        return Said(200, value)


def _unpart(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class FeedServer(Server):
    """Any documents by their paths, each with its ETag and 304."""

    def __init__(self) -> None:
        super().__init__()
        self.documents: dict[str, tuple[str, bytes]] = {}

    def put(self, path: str, body: str | bytes, content_type: str = "application/xml") -> None:
        self.documents[path] = (content_type, body.encode() if isinstance(body, str) else body)

    def handle(self, asked: Asked) -> Said:
        if asked.method != "GET" or asked.path not in self.documents:
            return Said(404, {})
        content_type, body = self.documents[asked.path]
        etag = f'"{hash(body)}"'
        if asked.headers.get("if-none-match") == etag:
            return Said(304, b"", {"ETag": etag})
        return Said(200, body, {"ETag": etag, "Last-Modified": "Mon, 02 Mar 2026 09:00:00 GMT"}, content_type)


class MastodonServer(Server):
    """A Mastodon server: notifications and a hashtag forward by min_id, statuses with an Idempotency-Key."""

    def __init__(self) -> None:
        super().__init__()
        self.notifications: list[dict[str, Any]] = []
        self.statuses: dict[str, dict[str, Any]] = {}
        self.keys: dict[str, str] = {}
        self.remaining = 300
        self.token = "user-token"

    def add(self, number: int, content: str = "<p>@shop my order never came</p>", kind: str = "mention") -> str:
        identity = str(10_000 + number)
        moment = (BEGIN + timedelta(hours=number)).isoformat().replace("+00:00", "Z")
        account = {
            "id": str(number),
            "username": f"p{number}",
            "acct": f"p{number}@far.example",
            "display_name": f"Person {number}",
        }
        self.statuses[identity] = {
            "id": identity, "created_at": moment, "edited_at": None, "in_reply_to_id": None, "content": content,
            "visibility": "public", "language": "en", "url": f"https://far.example/@p{number}/{identity}",
            "spoiler_text": "", "account": account,
        }  # fmt: skip
        self.notifications.append(
            {
                "id": str(number),
                "type": kind,
                "created_at": moment,
                "account": account,
                "status": self.statuses[identity],
            }
        )
        return identity

    def handle(self, asked: Asked) -> Said:
        if asked.headers.get("authorization") != f"Bearer {self.token}":
            return Said(401, {"error": "The access token is invalid"})
        if asked.path == "/api/v1/notifications":
            kinds = asked.query.get("types[]", [])
            rows = [one for one in self.notifications if not kinds or one["type"] in kinds]
            return strict(asked, {"min_id", "max_id", "since_id", "limit", "types[]"}) or self._list(asked, rows, 80)
        if asked.path == "/api/v1/timelines/tag/northlight":
            rows = [one["status"] for one in self.notifications if "#northlight" in one["status"]["content"]]
            return strict(asked, {"min_id", "max_id", "since_id", "limit"}) or self._list(asked, rows, 40)
        if asked.path == "/api/v1/accounts/verify_credentials":
            return Said(200, {"id": "777", "acct": "shop"})
        if asked.path == "/api/v1/statuses" and asked.method == "POST":
            return self._post(asked)
        found = re.fullmatch(r"/api/v1/statuses/(\d+)(/context)?", asked.path)
        if found is None or found[1] not in self.statuses:
            return Said(404, {"error": "Record not found"})
        if found[2]:
            answers = [one for one in self.statuses.values() if one["in_reply_to_id"] == found[1]]
            return Said(200, {"ancestors": [], "descendants": answers})
        return Said(200, self.statuses[found[1]])

    def _list(self, asked: Asked, rows: list[dict[str, Any]], most: int) -> Said:
        limit = int(asked.query.get("limit", ["40"])[0])
        if limit > most:
            return Said(422, {"error": "limit"})
        least = int(asked.query["min_id"][0])
        later = sorted((one for one in rows if int(one["id"]) > least), key=lambda one: int(one["id"]))[:limit][::-1]
        headers = {"X-RateLimit-Limit": "300", "X-RateLimit-Remaining": str(self.remaining)}
        headers["X-RateLimit-Reset"] = (datetime.now(tz=UTC) + timedelta(seconds=90)).isoformat()  # noqa: TID251  # theirs
        if later:
            here = f"{self.url}{asked.path}"
            headers["Link"] = (
                f'<{here}?max_id={later[-1]["id"]}>; rel="next", <{here}?min_id={later[0]["id"]}>; rel="prev"'
            )
        return Said(200, later, headers)

    def _post(self, asked: Asked) -> Said:
        body, key = asked.json(), asked.headers.get("idempotency-key", "")
        if set(body) - {"status", "in_reply_to_id", "visibility", "language"} or len(body["status"]) > 500:
            return Said(422, {"error": "Validation failed"})
        if body["in_reply_to_id"] not in self.statuses:
            return Said(404, {"error": "Record not found"})
        if key in self.keys:
            return Said(200, self.statuses[self.keys[key]])
        identity = str(900_000 + len(self.statuses))
        self.keys[key] = identity
        self.statuses[identity] = {
            "id": identity, "in_reply_to_id": body["in_reply_to_id"], "content": f"<p>{body['status']}</p>",
            "visibility": body["visibility"], "account": {"id": "777", "acct": "shop"}, "created_at": "2026-03-09T10:00:00Z",
        }  # fmt: skip
        return Said(200, self.statuses[identity])

    def ours(self) -> list[dict[str, Any]]:
        return [one for one in self.statuses.values() if one["account"]["id"] == "777"]
