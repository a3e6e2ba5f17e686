"""Each connector against a server that speaks the documented shape: paging, cursors, limits, tokens that end, replies."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.intake.reviews.conftest import VALUES
from tests.intake.reviews.servers import (
    BEGIN,
    AppStoreServer,
    FeedServer,
    Google,
    MastodonServer,
    OAuth,
    PlayServer,
    Said,
    TrustpilotServer,
)

from amends.core import clock
from amends.core.errors import BadInput
from amends.intake.channels.reviews.connectors.base import (
    Account,
    Connector,
    ConnectorError,
    Cursor,
    Gone,
    Item,
    Permanent,
    RateLimited,
    Temporary,
    TokenExpired,
)
from amends.intake.channels.reviews.connectors.csv_file import read_csv
from amends.intake.channels.reviews.connectors.found import connector_of
from amends.intake.channels.reviews.fetching import account_of
from amends.intake.channels.reviews.models import ReviewSource

Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]


def read(source: ReviewSource, cursor: Cursor | None = None, most: int = 40) -> tuple[list[Item], Cursor]:
    """Everything until there is no more, and the cursor after it."""
    connector, items = connector_of(source.kind), []
    cursor = cursor or {}
    for _ in range(most):
        page = connector.fetch(account_of(source), cursor)
        items += page.items
        cursor = page.cursor
        if not page.more:
            return items, cursor
    raise AssertionError("the source never ends")


def ids(items: list[Item]) -> set[str]:
    return {one.external_id for one in items}


def test_google_is_read_page_by_page_and_then_only_as_far_as_needed(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    for number in range(120):
        server.add(number)
    source = source_of("google_business", server)
    items, cursor = read(source)
    assert len(ids(items)) == 120
    assert server.count("GET", "/reviews") == 3
    server.add(500, "FIVE", "Wonderful")
    items, cursor = read(source, cursor)
    assert "r500" in ids(items)
    assert server.count("GET", "/reviews") == 4
    edited = server.reviews["r3"]
    edited["comment"], edited["updateTime"] = "Now it smokes", "2026-04-20T09:00:00.123456789Z"
    items, cursor = read(source, cursor)
    assert next(one for one in items if one.external_id == "r3").text == "Now it smokes"
    items, _ = read(source, {**cursor, "full": True})
    assert len(ids(items)) == 121


def test_google_says_what_a_review_is(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1, "TWO", "Bad & slow <b>")
    server.reviews["r1"]["reviewReply"] = {"comment": "Sorry", "updateTime": "2026-03-05T10:00:00Z"}
    server.reviews["r2"] = {"reviewer": {"isAnonymous": True}}
    server.reviews["r2"]["updateTime"] = "x"
    source = source_of("google_business", server)
    page = connector_of("google_business").fetch(account_of(source), {})
    assert page.unreadable == 1
    (item,) = page.items
    assert (item.rating, item.text, item.author, item.our_reply) == (2, "Bad & slow <b>", "Person 1", "Sorry")
    assert item.published_at == BEGIN + timedelta(hours=1)


def test_a_page_token_that_has_ended_begins_the_sweep_again(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    for number in range(70):
        server.add(number)
    server.lost_tokens.add("page-50")
    items, _ = read(source_of("google_business", server))
    assert len(ids(items)) == 70


@pytest.mark.parametrize(
    ("kind", "server_kind"),
    [("google_business", Google), ("trustpilot", TrustpilotServer), ("play_store", PlayServer)],
)
def test_a_token_that_ends_on_the_way_is_renewed_once_and_unseen(
    serve: Serve, source_of: SourceOf, kind: str, server_kind: type[OAuth]
) -> None:
    server = serve(server_kind)
    server.add(1)  # type: ignore[attr-defined]  # each of these has it
    source = source_of(kind, server)
    assert len(read(source)[0]) == 1
    server.end_tokens()
    assert len(read(source)[0]) == 1
    assert server.tokens_given == 2
    server.end_tokens()
    server.refresh_works = False
    with pytest.raises(TokenExpired):
        read(source)


def test_a_token_refused_although_it_is_new_is_not_renewed_for_ever(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    source = source_of("google_business", server)
    server.faults = [Said(401, {}), Said(401, {}), Said(401, {})]
    with pytest.raises(TokenExpired):
        read(source)
    assert server.tokens_given == 2


@pytest.mark.parametrize(
    ("answer", "error", "seconds"),
    [
        (Said(429, {}, {"Retry-After": "7"}), RateLimited, 7),
        (Said(429, {}), RateLimited, None),
        (Said(403, {"error": {"errors": [{"reason": "rateLimitExceeded"}]}}), RateLimited, None),
        (Said(503, {}, {"Retry-After": "120"}), RateLimited, 120),
        (Said(500, {}), Temporary, None),
        (Said(502, b"<html>"), Temporary, None),
        (Said(200, b"<html>not json"), Temporary, None),
        (Said(200, []), Temporary, None),
        (Said(403, {"error": "forbidden"}), Permanent, None),
        (Said(400, {}), Permanent, None),
        (Said(404, {}), Gone, None),
    ],
)
def test_each_refusal_means_what_it_should(
    serve: Serve, source_of: SourceOf, answer: Said, error: type[ConnectorError], seconds: int | None
) -> None:
    server = serve(Google)
    server.faults = [answer]
    with pytest.raises(error) as caught:
        read(source_of("google_business", server))
    if isinstance(caught.value, RateLimited):
        assert caught.value.retry_after == seconds


def test_a_date_in_retry_after_is_counted_from_now(serve: Serve, source_of: SourceOf) -> None:
    server = serve(TrustpilotServer)
    server.faults = [Said(429, {}, {"Retry-After": "Mon, 02 Mar 2026 09:05:00 GMT"})]
    with clock.frozen_at(BEGIN), pytest.raises(RateLimited) as caught:
        read(source_of("trustpilot", server))
    assert caught.value.retry_after == 300


def test_a_server_that_is_not_there_is_temporary_and_names_no_secret(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    source = source_of("google_business", server)
    server.stop()
    with pytest.raises(Temporary) as caught:
        read(source)
    assert "secret" not in str(caught.value)


def test_a_secret_that_is_not_set_is_said_by_its_name(serve: Serve, source_of: SourceOf, monkeypatch: Any) -> None:
    source = source_of("google_business", serve(Google))
    monkeypatch.delenv("AMENDS_REVIEWS_AGAIN")
    with pytest.raises(TokenExpired) as caught:
        read(source)
    assert "AMENDS_REVIEWS_AGAIN" in str(caught.value.__cause__)


def test_a_google_reply_is_put_and_replaced(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    server.add(1)
    source = source_of("google_business", server)
    connector, account = connector_of(source.kind), account_of(source)
    item = connector.look_up(account, "r1")
    assert item is not None
    assert connector.find_reply(account, item, "Thank you") is None
    connector.reply(account, item, "Thank you", "k")
    connector.reply(account, item, "Thank you so much", "k2")
    assert connector.find_reply(account, item, "Thank  you so\nmuch") is not None
    assert server.reviews["r1"]["reviewReply"]["comment"] == "Thank you so much"
    with pytest.raises(Permanent):
        connector.reply(account, item, "ä" * 2100, "k3")
    del server.reviews["r1"]
    assert connector.look_up(account, "r1") is None
    with pytest.raises(Gone):
        connector.reply(account, item, "Thank you", "k4")


def test_trustpilot_is_read_page_by_page_with_the_overlap(serve: Serve, source_of: SourceOf) -> None:
    server = serve(TrustpilotServer)
    for number in range(250):
        server.add(number, at=BEGIN + timedelta(days=number))
    source = source_of("trustpilot", server)
    items, cursor = read(source)
    assert len(ids(items)) == 250
    before = server.count("GET", "/reviews")
    items, cursor = read(source, cursor)
    assert server.count("GET", "/reviews") == before + 1
    assert len(items) == 100
    item = items[0]
    assert (item.rating, item.title, item.author, item.language) == (1, "Order 249", "Person 249", "en")


def test_a_trustpilot_reply_is_posted_and_found(serve: Serve, source_of: SourceOf) -> None:
    server = serve(TrustpilotServer)
    server.add(1)
    source = source_of("trustpilot", server)
    connector, account = connector_of(source.kind), account_of(source)
    (item,), _ = read(source)
    assert connector.find_reply(account, item, "We are sorry") is None
    connector.reply(account, item, "We are sorry", "k")
    assert connector.find_reply(account, item, "We are sorry") is not None
    assert server.posts == 1


def test_the_app_store_is_read_to_its_tenth_page_and_one_entry_needs_no_list(serve: Serve, source_of: SourceOf) -> None:
    server = serve(AppStoreServer)
    server.add(0)
    source = source_of("app_store", server)
    items, _ = read(source)
    assert [(one.external_id, one.rating, one.title) for one in items] == [("1000", 1, "Title 0")]
    for number in range(1, 600):
        server.add(number, at := 1 + number % 5, f"text {at}")
    items, cursor = read(source)
    assert len(ids(items)) == 500
    asked = len(server.asked)
    items, _ = read(source, cursor)
    assert len(server.asked) - asked == 2
    assert not connector_of("app_store").capabilities.replies
    with pytest.raises(Permanent):
        connector_of("app_store").reply(account_of(source), items[0], "x", "k")


@pytest.mark.parametrize("by_index", [False, True])
def test_the_play_store_is_read_by_token_and_by_index(serve: Serve, source_of: SourceOf, by_index: bool) -> None:
    server = serve(PlayServer)
    server.by_index = by_index
    for number in range(35):
        server.add(number)
    source = source_of("play_store", server)
    items, _ = read(source)
    assert len(ids(items)) == 35
    assert (items[0].title, items[0].text, items[0].language) == ("Title", "Does not start", "de")


def test_a_play_store_reply_replaces_the_one_before(serve: Serve, source_of: SourceOf) -> None:
    server = serve(PlayServer)
    server.add(1)
    source = source_of("play_store", server)
    connector, account = connector_of(source.kind), account_of(source)
    (item,), _ = read(source)
    connector.reply(account, item, "Bitte schreiben Sie uns", "k")
    connector.reply(account, item, "Bitte schreiben Sie uns", "k")
    found = connector.look_up(account, item.external_id)
    assert found is not None
    assert found.our_reply == "Bitte schreiben Sie uns"
    assert connector.look_up(account, "gp:gone") is None


@pytest.mark.parametrize("key", ["", "{}", "[]", '{"private_key": "x", "client_email": "a"}', '{"private_key": 1}'])
def test_a_key_that_is_no_service_account_is_said_so(
    serve: Serve, source_of: SourceOf, monkeypatch: Any, key: str
) -> None:
    source = source_of("play_store", serve(PlayServer))
    monkeypatch.setenv("AMENDS_REVIEWS_ACCOUNT", key)
    with pytest.raises(TokenExpired):
        read(source)


RSS = """<?xml version="1.0"?><rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/"
 xmlns:content="http://purl.org/rss/1.0/modules/content/"><channel><title>Forum</title>
<item><title>Broken &amp; late</title><link>https://forum.example/1</link><guid isPermaLink="false">g1</guid>
<description>short</description><content:encoded><![CDATA[<p>It <b>never</b> worked</p><script>x()</script>]]></content:encoded>
<pubDate>Mon, 02 Mar 2026 10:00:00 +0100</pubDate><dc:creator>Maya</dc:creator></item>
<item><link>https://forum.example/2</link><description>Only words</description></item><item/></channel></rss>"""
ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><link rel="next" href="{next}"/>
<entry><id>tag:1</id><title type="html">A &lt;i&gt;title&lt;/i&gt;</title><updated>2026-03-02T09:00:00Z</updated>
<published>2026-03-01T09:00:00Z</published><author><name>Noor</name></author><link href="https://blog.example/1"/>
<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml">It <em>smokes</em></div></content></entry></feed>"""
JSON = """{"version": "https://jsonfeed.org/version/1.1", "title": "x", "items": [{"id": 7, "url": "https://j.example/7",
"title": "T", "content_html": "<p>So slow</p>", "date_published": "2026-03-02T09:00:00-05:00", "authors": [{"name": "Ida"}],
"language": "de-AT"}, {"id": "8", "content_text": "plain"}, "nothing", {}]}"""


def test_an_rss_feed_is_read_and_asked_for_only_when_it_has_changed(serve: Serve, source_of: SourceOf) -> None:
    server = serve(FeedServer)
    server.put("/feed", RSS)
    source = source_of("feed", server)
    connector = connector_of("feed")
    page = connector.fetch(account_of(source), {})
    first, second = page.items
    assert (first.external_id, first.title, first.author) == ("g1", "Broken & late", "Maya")
    assert "never worked" in " ".join(first.text.split())
    assert "x()" not in first.text
    assert first.published_at == BEGIN
    assert second.external_id == "https://forum.example/2"
    assert page.unreadable == 1
    again = connector.fetch(account_of(source), page.cursor)
    assert (list(again.items), again.cursor) == ([], page.cursor)
    full = connector.fetch(account_of(source), {**page.cursor, "full": True})
    assert len(full.items) == 2


def test_an_atom_feed_is_followed_to_its_next_page_on_its_own_host_only(serve: Serve, source_of: SourceOf) -> None:
    server = serve(FeedServer)
    server.put("/feed", ATOM.replace("{next}", "/page2"))
    server.put("/page2", ATOM.replace("tag:1", "tag:2").replace("{next}", "https://elsewhere.example/3"))
    items, cursor = read(source_of("feed", server))
    assert ids(items) == {"tag:1", "tag:2"}
    assert (items[0].title, " ".join(items[0].text.split()), items[0].author) == ("A title", "It smokes", "Noor")
    assert cursor["newest"] == "2026-03-02T09:00:00+00:00"


def test_a_json_feed_is_read(serve: Serve, source_of: SourceOf) -> None:
    server = serve(FeedServer)
    server.put("/feed", JSON, "application/feed+json")
    page = connector_of("feed").fetch(account_of(source_of("feed", server)), {})
    assert [(one.external_id, one.text.strip(), one.author) for one in page.items] == [
        ("7", "So slow", "Ida"),
        ("8", "plain", ""),
    ]
    assert page.items[0].published_at == datetime(2026, 3, 2, 14, tzinfo=UTC)
    assert page.unreadable == 2


@pytest.mark.parametrize(
    "body",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><rss><channel><item><title>&b;</title></item></channel></rss>',
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><rss><channel><item><title>&a;</title></item></channel></rss>',
        "<html><body>Not found</body></html>",
        "<rss><channel><item>",
        "",
        "{",
        '{"items": 3}',
        "\x00\x01\x02",
        '<?xml version="1.0" encoding="no-such-charset"?><rss/>',
    ],
)
def test_a_feed_that_is_none_or_means_harm_is_refused(serve: Serve, source_of: SourceOf, body: str) -> None:
    server = serve(FeedServer)
    server.put("/feed", body)
    with pytest.raises(Permanent):
        read(source_of("feed", server))


def test_mentions_on_mastodon_are_read_forward_without_a_gap(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    for number in range(1, 96):
        server.add(number, kind="favourite" if number % 10 == 0 else "mention")
    source = source_of("mastodon", server)
    items, cursor = read(source)
    assert len(ids(items)) == 95 - 9
    assert items[0].handle.endswith("@far.example")
    assert "my order never came" in items[0].text
    server.add(97)
    items, cursor = read(source, cursor)
    assert ids(items) == {"10097"}
    assert read(source, cursor)[0] == []


def test_a_hashtag_on_mastodon_is_read(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    server.add(1, "<p>hello</p>")
    server.add(2, "<p>broken again <a>#northlight</a></p>")
    items, _ = read(source_of("mastodon", server, values={"hashtag": "northlight"}))
    assert ids(items) == {"10002"}


def test_the_last_allowed_request_on_mastodon_asks_for_a_pause(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    server.add(1)
    server.remaining = 0
    page = connector_of("mastodon").fetch(account_of(source_of("mastodon", server)), {})
    assert 30 < page.pause <= 90


def test_a_mastodon_token_that_was_taken_away_is_said_so(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    server.token = "another"
    with pytest.raises(TokenExpired):
        read(source_of("mastodon", server))


def test_a_mastodon_reply_is_posted_once_for_its_key_and_found_later(serve: Serve, source_of: SourceOf) -> None:
    server = serve(MastodonServer)
    server.add(1)
    source = source_of("mastodon", server)
    connector, account = connector_of("mastodon"), account_of(source)
    (item,), _ = read(source)
    assert connector.find_reply(account, item, "please write to us") is None
    state = connector.reply(account, item, "please write to us", "key-1")
    assert connector.reply(account, item, "please write to us", "key-1") == state
    assert len(server.ours()) == 1
    assert server.ours()[0]["content"] == "<p>@p1@far.example please write to us</p>"
    assert connector.find_reply(account, item, "please write to us") == state


def test_csv_is_read_with_its_mapping() -> None:
    data = "Kommentar;Sterne;Wer;Datum\r\nKaputt, \x00leider;1;Jörg;2026-03-02\r\n;4,0;;\r\n;;;\r\n".encode("utf-8-sig")
    mapping = {"text": "Kommentar", "rating": "Sterne", "author": "Wer", "published": "Datum"}
    items = read_csv(data, mapping)
    assert [(one.text, one.rating, one.author) for one in items] == [("Kaputt, leider", 1, "Jörg"), ("", 4, "")]
    assert items == read_csv(data, mapping)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "no column"),
        (b"words\nx\n", "no column"),
        (b"text,rating\nx,9\n", "Line 2"),
        (b"text,published\nx,tomorrow\n", "Line 2"),
        (b"text,rating\nx\n", "Line 2"),
        (b"text,rating\nx,1,2\n", "Line 2"),
        (b'text\n"x', "Line"),
        (b"text\n\xff\xfe\xfa\n", "UTF-8"),
        (b"\xff\xfet", "UTF-8"),
        (b"text\n" + b"x" * 200_000 + b"\n", "Line"),
    ],
)
def test_csv_that_cannot_be_read_is_refused_with_its_line(data: bytes, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        read_csv(data, {"text": "text", "rating": "rating", "published": "published"})


@pytest.mark.parametrize("kind", sorted(VALUES))
def test_what_a_place_says_of_looking_up_is_what_its_connector_does(kind: str) -> None:
    connector = connector_of(kind)
    overrides = type(connector).look_up is not Connector.look_up
    assert connector.capabilities.looks_up is overrides
    if not overrides:
        with pytest.raises(Permanent, match="cannot be asked for one"):
            connector.look_up(Account("x", {}, lambda name: name), "1")
