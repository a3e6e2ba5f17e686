"""Any feed: RSS 0.9x to 2.0, RSS 1.0, Atom (RFC 4287) and JSON Feed 1.x, asked for only when it has changed.

XML is read without entities and without a document type (defusedxml). A feed takes no replies. A feed that names a next
page (JSON Feed `next_url`, RFC 5005 `rel="next"`) is followed, on its own host.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urljoin, urlsplit
from xml.etree.ElementTree import Element  # only the type: everything is parsed by defusedxml

from defusedxml import DefusedXmlException  # type: ignore[import-untyped]  # ships no types
from defusedxml.ElementTree import ParseError, fromstring  # type: ignore[import-untyped]  # ships no types
from django.utils.translation import gettext_lazy as _

from amends.core.outgoing import Answer
from amends.intake.channels.email.html import to_text
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
from amends.intake.channels.reviews.connectors.calls import ask, moment_of, pause_wanted, words
from amends.intake.channels.reviews.connectors.sweep import Sweep

OVERLAP = timedelta(days=7)
PAGES = 20
ATOM, CONTENT, DC = (
    "{http://www.w3.org/2005/Atom}",
    "{http://purl.org/rss/1.0/modules/content/}",
    "{http://purl.org/dc/elements/1.1/}",
)
RSS1 = "{http://purl.org/rss/1.0/}"


class Feed(Connector):
    """One feed by its address."""

    key = "feed"
    order = 50
    name = _("Feed (RSS, Atom, JSON Feed)")
    capabilities = Capabilities()
    wanted = (Setting("url", _("Address of the feed"), r"https?://[^\s\x00-\x1f]{3,1000}"),)

    def fetch(self, source: Account, cursor: Cursor) -> Page:
        """The feed, when it has changed since the last time; then the pages it names."""
        sweep = Sweep(cursor, OVERLAP)
        number, _space, page = sweep.page.partition(" ")
        url = page or source.settings["url"]
        answer = ask("GET", url, headers={} if page or sweep.full else _conditions(cursor))
        if answer.status == 304:
            return Page((), cursor, pause=pause_wanted(answer))
        items, unreadable, following_url = read_feed(answer)
        further = self._further(source.settings["url"], answer.url, following_url, int(number or 1))
        following, more = sweep.after([one.updated_at or one.published_at for one in items], further)
        return Page(
            items,
            {**following, **_seen(answer, cursor, page)},
            more=more,
            unreadable=unreadable,
            pause=pause_wanted(answer),
        )

    def _further(self, feed: str, here: str, following: str, number: int) -> str | None:
        """The next page as `number address`, when it is on the feed's own host and not one too many."""
        if not following or number >= PAGES:
            return None
        target = urljoin(here, following)
        own = urlsplit(target).netloc in (urlsplit(feed).netloc, urlsplit(here).netloc)
        return f"{number + 1} {target}" if own and target != here else None


def _conditions(cursor: Cursor) -> dict[str, str]:
    names = {"etag": "If-None-Match", "modified": "If-Modified-Since"}
    return {header: str(cursor[name]) for name, header in names.items() if cursor.get(name)}


def _seen(answer: Answer, cursor: Cursor, page: str) -> Cursor:
    """What the first page said of its version; the following pages say nothing about the first."""
    if page:
        return {name: cursor[name] for name in ("etag", "modified") if name in cursor}
    given = {"etag": answer.headers.get("etag"), "modified": answer.headers.get("last-modified")}
    return {name: value[:500] for name, value in given.items() if value}


def read_feed(answer: Answer) -> tuple[list[Item], int, str]:
    """The items of a feed, how many entries could not be read, and the address of the next page or nothing.

    Raises:
        Permanent: it is none of the known kinds.
    """
    if answer.body.lstrip()[:1] == b"{":
        return _json_feed(answer)
    try:
        root = fromstring(answer.body, forbid_dtd=True)
    except DefusedXmlException as error:
        raise Permanent("The feed declares a document type or entities; that is not read.") from error
    except (ParseError, ValueError, LookupError) as error:
        raise Permanent("The feed is neither XML that can be read nor JSON.") from error
    entries = list(_entries(root))
    items = [item for one in entries if (item := _xml_item(one)) is not None]
    following = next((one.get("href", "") for one in root.iter(f"{ATOM}link") if one.get("rel") == "next"), "")
    return items, len(entries) - len(items), following


def _entries(root: Element) -> Iterator[Element]:
    if root.tag == f"{ATOM}feed":
        yield from root.iterfind(f"{ATOM}entry")
    elif root.tag in ("rss", "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}RDF"):
        yield from root.iter("item")
        yield from root.iter(f"{RSS1}item")
    else:
        raise Permanent("The feed is neither RSS nor Atom.")


def _text(entry: Element, *names: str) -> str:
    """The first of these children that has a text; XHTML content as its text."""
    for name in names:
        found = entry.find(name)
        if found is not None:
            text = "".join(found.itertext()).strip() if len(found) else (found.text or "").strip()
            if text:
                return text
    return ""


def _xml_item(entry: Element) -> Item | None:
    link = _text(entry, "link", f"{RSS1}link") or _atom_link(entry)
    title = to_text(_text(entry, "title", f"{ATOM}title", f"{RSS1}title"))
    html = _text(entry, f"{CONTENT}encoded", f"{ATOM}content", "description", f"{RSS1}description", f"{ATOM}summary")
    text = to_text(html)
    published = moment_of(_text(entry, "pubDate", f"{ATOM}published", f"{DC}date"))
    return _item(
        external_id=_text(entry, "guid", f"{ATOM}id") or link,
        title=title,
        text=text,
        author=_text(entry, f"{DC}creator", f"{ATOM}author/{ATOM}name", "author"),
        language=_text(entry, f"{DC}language") or entry.get("{http://www.w3.org/XML/1998/namespace}lang", ""),
        url=link,
        published_at=published,
        updated_at=moment_of(_text(entry, f"{ATOM}updated")) or published,
        raw={"title": title, "link": link, "content": html[:20_000]},
    )


def _atom_link(entry: Element) -> str:
    links = entry.findall(f"{ATOM}link")
    return next((one.get("href", "") for one in links if one.get("rel", "alternate") == "alternate"), "")


def _item(external_id: str, title: str, text: str, **values: Any) -> Item | None:
    """An item; one without an id of its own is known by its words. None when there are no words either."""
    if not (external_id or title or text):
        return None
    known_by = external_id or hashlib.sha256(f"{title}\x1f{text}".encode()).hexdigest()
    return Item(external_id=known_by, title=title, text=text, **values)


def _json_feed(answer: Answer) -> tuple[list[Item], int, str]:
    try:
        feed = json.loads(answer.body)
    except (ValueError, RecursionError) as error:
        raise Permanent("The feed is neither XML that can be read nor JSON.") from error
    entries = feed.get("items")
    if not isinstance(entries, list):
        raise Permanent("The JSON is not a JSON Feed.")
    items = [item for one in entries if isinstance(one, dict) and (item := _json_item(one)) is not None]
    return items, len(entries) - len(items), words(feed.get("next_url"))


def _json_item(entry: dict[str, Any]) -> Item | None:
    authors = entry.get("authors") or [entry.get("author")]
    author = authors[0] if isinstance(authors, list) and authors and isinstance(authors[0], dict) else {}
    identity = entry.get("id")
    published = moment_of(entry.get("date_published"))
    return _item(
        external_id=str(identity) if isinstance(identity, str | int) else words(entry.get("url")),
        title=words(entry.get("title")),
        text=words(entry.get("content_text"))
        or to_text(words(entry.get("content_html")) or words(entry.get("summary"))),
        author=words(author.get("name")),
        language=words(entry.get("language")),
        url=words(entry.get("url")),
        published_at=published,
        updated_at=moment_of(entry.get("date_modified")) or published,
        raw=entry,
    )


connectors.register(Feed())
