"""A mail's HTML inside the timeline: its own images in place, nothing loaded from elsewhere (PURE).

What is stored was cleaned when it came; it is cleaned again here, because what is shown must not depend on what some
earlier version thought was clean.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape, unescape
from urllib.parse import unquote

import nh3
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Image types that a browser shows as a picture and nothing else; drawings that can carry scripts are not among them."""
MAX_CHARACTERS = 512 * 1024
_IMAGE = re.compile(r"<img\b[^<>]*>", re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc=\"cid:([^\"]{1,500})\"", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\balt=\"([^\"]{0,300})\"", re.IGNORECASE)
TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "cite", "col", "colgroup", "dd", "del", "details", "div",
    "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins", "kbd", "li", "mark", "ol",
    "p", "pre", "q", "samp", "span", "sub", "summary", "sup", "table", "tbody", "td", "tfoot", "th", "thead", "time", "tr",
    "u", "ul", "var",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height", "loading"},
    "td": {"colspan", "rowspan"},
    "th": {"colspan", "rowspan"},
    "ol": {"start"},
    "span": {"class"},
}


@dataclass(frozen=True, slots=True)
class ShownMail:
    """The HTML to show (empty when the plain text says as much), and how many images from elsewhere are not loaded."""

    html: SafeString
    blocked: int


def shown(stored: str, images: Mapping[str, str]) -> ShownMail:
    """A stored mail as the page shows it.

    Args:
        stored: the cleaned HTML, in which images of the mail have the source `cid:…`.
        images: the address on this site of each shown image, by its Content-ID without angle brackets.
    """
    found = _IMAGE.findall(stored[:MAX_CHARACTERS])
    if not found or len(stored) > MAX_CHARACTERS:
        return ShownMail(mark_safe(""), 0)
    blocked = own = 0

    def put(match: re.Match[str]) -> str:
        nonlocal blocked, own
        words = _ALTERNATIVE.search(match[0])
        alternative = words[1] if words else ""
        source = _SOURCE.search(match[0])
        if source is None:
            blocked += 1
            return f'<span class="faint">[{escape(_("image not loaded"))}]</span>'
        address = images.get(_content_id(source[1]))
        if address is None:
            return escape(unescape(alternative))
        own += 1
        return f'<img src="{escape(address)}" alt="{alternative}" loading="lazy">'

    body = _IMAGE.sub(put, stored)
    if not own:
        return ShownMail(mark_safe(""), blocked)
    folded = body.replace("<blockquote>", f"<details><summary>{escape(_('quoted'))}</summary><blockquote>").replace(
        "</blockquote>", "</blockquote></details>"
    )
    cleaned = nh3.clean(
        folded,
        tags=TAGS,
        attributes=ATTRIBUTES,
        attribute_filter=_ours_only,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer nofollow",
    )
    return ShownMail(mark_safe(cleaned), blocked)  # noqa: S308  # cleaned in the line above


def _content_id(value: str) -> str:
    return unquote(unescape(value)).strip().strip("<>")


def _ours_only(tag: str, attribute: str, value: str) -> str | None:
    """Images only from this site, and no classes but our own."""
    if tag == "img" and attribute == "src":
        return value if value.startswith("/") and not value.startswith("//") else None
    if attribute == "class":
        return value if value == "faint" else None
    return value
