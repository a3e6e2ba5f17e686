"""HTML of strangers: cleaned for showing, and turned into text for reading.

Cleaning keeps structure and drops everything that runs, loads or hides: scripts, styles, forms, frames, comments,
every image from elsewhere (it would tell the sender that and where the mail was read). Images that came with the mail
keep their `cid:` source.

An HTML parser's work can grow much faster than its input (deep nesting; open formatting elements that are repeated
in every paragraph; runs of ampersands). `guard` removes those shapes beforehand or gives up,
and then only text is shown.
"""

import re
from html import unescape
from html.parser import HTMLParser

import nh3

from amends.intake.channels.email.charsets import clean
from amends.intake.channels.email.reply_text import ATTRIBUTED, CUT, MARKS, SIGNED

MAX_CHARACTERS = 2 * 1024 * 1024
MAX_DEPTH = 2000  # forwarded chains of real mail reach 1,250
MAX_AMPERSANDS = 100_000
MAX_TAGS = 200_000
MAX_ODD_FORMATTING = 50

TAGS = {
    "a", "abbr", "b", "bdi", "bdo", "blockquote", "br", "caption", "center", "cite", "col", "colgroup", "dd", "del",
    "details", "div", "dl", "dt", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "img", "ins",
    "kbd", "li", "mark", "ol", "p", "pre", "q", "samp", "span", "sub", "summary", "sup", "table", "tbody", "td",
    "tfoot", "th", "thead", "time", "tr", "u", "ul", "var",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt", "title", "width", "height"},
    "td": {"colspan", "rowspan", "align"},
    "th": {"colspan", "rowspan", "align"},
    "ol": {"start", "type"},
    "bdo": {"dir"},
    "p": {"dir"},
    "div": {"dir"},
}
READING_ATTRIBUTES = {
    tag: {"class", "id", "style", "type", "name"} for tag in ("div", "blockquote", "p", "hr", "span", "table")
}
DROPPED_WITH_CONTENT = {"script", "style", "title", "head", "template", "noscript", "iframe", "object", "svg", "math",
                        "select", "textarea", "xmp", "noembed", "noframes"}  # fmt: skip
SCHEMES = {"http", "https", "mailto", "tel", "cid"}

DATA_ADDRESS = re.compile(
    r"\bdata:[a-z0-9.+/-]{0,80}(?:;[a-z0-9=.-]{1,40}){0,4},[A-Za-z0-9+/=%\s]{200,}", re.IGNORECASE
)
CONDITIONAL = re.compile(r"<!--\[if[^\]]{0,200}\]>|<!\[endif\]-->|<!\[if[^\]]{0,200}\]>|<!\[endif\]>", re.IGNORECASE)
SIMPLE_FORMATTING = re.compile(r"<(/?)(strong|em|b|i|u)(?:\s[^<>]{0,2000})?>", re.IGNORECASE)
OTHER_FORMATTING = re.compile(r"</?(?:font|small|big|tt|s|strike|code|nobr)(?:\s[^<>]{0,4000})?>", re.IGNORECASE)
LEFT_FORMATTING = re.compile(r"<(?:font|small|big|tt|s|strike|code|nobr|strong|em|b|i|u)[\s/]", re.IGNORECASE)
A_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]{0,30})")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "param", "source", "track", "wbr",
        "p", "li", "o:p", "td", "tr", "th", "dd", "dt", "option", "tbody"}  # fmt: skip


def guard(source: str) -> str | None:
    """The same HTML without the shapes that make a parser explode; None when it is too big or too deep for that."""
    source = DATA_ADDRESS.sub("", source[: 8 * MAX_CHARACTERS])
    if len(source) > MAX_CHARACTERS or source.count("&") > MAX_AMPERSANDS or source.count("<") > MAX_TAGS:
        return None
    source = CONDITIONAL.sub("", source)
    source = SIMPLE_FORMATTING.sub(lambda match: f"<{match[1]}{_plain_name(match[2])}>", source)
    source = OTHER_FORMATTING.sub("", source)
    if len(LEFT_FORMATTING.findall(source)) > MAX_ODD_FORMATTING:
        return None
    depth = deepest = 0
    for match in A_TAG.finditer(source):
        if match[2].lower() in VOID:
            continue
        depth = max(0, depth - 1) if match[1] else depth + 1
        deepest = max(deepest, depth)
    return None if deepest > MAX_DEPTH else source


def _plain_name(tag: str) -> str:
    return {"strong": "b", "em": "i"}.get(tag.lower(), tag.lower())


def clean_html(source: str) -> str | None:
    """HTML that is safe to show inside a page of ours, or None when it is too big or too deep."""
    guarded = guard(source)
    if guarded is None:
        return None
    cleaned = nh3.clean(
        guarded,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes=ATTRIBUTES,
        attribute_filter=_own_images_only,
        url_schemes=SCHEMES,
        link_rel="noopener noreferrer nofollow",
    )
    return clean(cleaned).strip()


def _own_images_only(tag: str, attribute: str, value: str) -> str | None:
    if attribute == "src":
        return value if value.strip().lower().startswith("cid:") else None
    if tag == "a" and attribute == "href" and value.strip().lower().startswith("cid:"):
        return None
    return value


def to_text(source: str) -> str:
    """The text a person sees, with quoted parts marked by "> "."""
    return tidy(without_marks(to_marked_text(source)))


def without_marks(text: str) -> str:
    """The text without the marks of the reader; a line that was only a mark goes."""
    return "\n".join(line.translate(MARKS) for line in text.split("\n") if line != CUT)


def to_marked_text(source: str) -> str:
    """The same, with private marks where a mail program's markup says that an answered message follows.

    `reply_text` understands the marks (`CUT`, `ATTRIBUTED`); they must never be stored or shown.
    """
    guarded = guard(source.translate(MARKS))
    if guarded is None:
        return _stripped(source)
    normalised = nh3.clean(
        guarded,
        tags=TAGS,
        clean_content_tags=DROPPED_WITH_CONTENT,
        attributes={**READING_ATTRIBUTES, "a": {"href"}, "img": {"alt"}, "li": set()},
        url_schemes=SCHEMES,
        link_rel=None,
    )
    reader = _TextReader()
    reader.feed(normalised)
    reader.close()
    return reader.text()


def _stripped(source: str) -> str:
    """Text by brute force, for HTML that no parser should see."""
    without = re.sub(r"<(script|style)\b[^<]{0,100000}</\1>", " ", source[: 2 * MAX_CHARACTERS], flags=re.IGNORECASE)
    without = re.sub(r"<(?:br|/?p|/?div|/tr|/li)\b[^<>]{0,2000}>", "\n", without, flags=re.IGNORECASE)
    without = re.sub(r"<[^<>]{0,4000}>", "", without)
    return tidy(clean(unescape(without)))


def tidy(text: str) -> str:
    """At most one empty line in a row, no spaces at line ends."""
    lines = [line.rstrip() for line in text.replace("\u00a0", " ").split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


BLOCKS = {"p", "div", "table", "tr", "ul", "ol", "dl", "dt", "dd", "li", "h1", "h2", "h3", "h4", "h5", "h6", "pre",
          "center", "figure", "figcaption", "caption", "details", "summary", "blockquote", "hr"}  # fmt: skip
SPACED = {"p", "ul", "ol", "table", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "blockquote"}
# Containers in which the well-known mail programs put the message that is answered, up to the end of the mail.
CONTAINERS = re.compile(r"(?:^|\s)(?:yahoo_quoted|protonmail_quote|zmail_extra|ms-outlook-mobile-reference-message|"
                        r"tutanota_quote|messageReplySection|WordSection_quote|gmail_extra_quote|x_?divRplyFwdMsg|mail_quote_body|"
                        r"replaced-blockquote|front-blockquote)(?:\s|$)")  # fmt: skip
CONTAINER_IDS = re.compile(r"^(?:x_)*(?:divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|stopSpelling|zwchr|"
                           r"mail-editor-reference-message-container|isForwardContent|isReplyContent|reply-intro|"
                           r"ymail_android_signature_quote|yahoo_quoted_\d{1,20}|replySplit|qm_quote)$",
                           re.IGNORECASE)  # fmt: skip
# Lines above a quotation that say who wrote it.
ATTRIBUTIONS = re.compile(
    r"(?:^|\s)(?:gmail_attr|moz-cite-prefix|moz-email-headers-table|zmail_attr|protonmail_attr)(?:\s|$)"
)
# Where the programs put the signature they add to every mail.
SIGNATURES = re.compile(r"(?:^|\s)(?:gmail_signature(?:_prefix)?|moz-signature|protonmail_signature_block|tutanota_signature|"
                        r"zmail_signature|front-signature|sh-signature|mb_sig|messageSignatureSection|elided)(?:\s|$)")  # fmt: skip
SIGNATURE_IDS = re.compile(r"^(?:x_)*(?:Signature|AppleMailSignature|ms-outlook-mobile-signature|ymail_android_signature|"
                           r"ymail_ios_signature|composer_signature|qt_signature)$")  # fmt: skip
# Outlook draws a line above the header of the answered message and calls it nothing.
OUTLOOK_LINE = re.compile(
    r"border-top:\s*(?:solid|1px|(?:[#\w]{3,20}\s)?[\d.]{1,5}p[tx]\s(?:[#\w]{3,20}\s)?solid)[^;]{0,40}|"
    r"border-top-style:\s*solid|border:\s*none;\s*border-top:",
    re.IGNORECASE,
)
# A line along the left side, which programs draw beside what is answered.
BORDERED = re.compile(
    r"border-left\s{0,3}:\s{0,3}(?:[#\w(), .]{1,40}\ssolid|solid\s|[\d.]{1,5}(?:px|pt|em)\ssolid)", re.IGNORECASE
)
OUTLOOK_COLOURS = re.compile(
    r"#(?:b5c4df|e1e1e1|e5e5e5|e0e0e0)|rgb\((?:229, ?229, ?229|225, ?225, ?225|181, ?196, ?223)\)", re.IGNORECASE
)
LONGEST_LINE = 20_000
LONGEST_STYLE = 4000
SEPARATOR = "________________________________"


class _TextReader(HTMLParser):
    """Reads well-formed, cleaned HTML."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._lines: list[str] = []
        self._line = ""
        self._quote = 0
        self._pre = 0
        self._open: list[tuple[str, bool]] = []
        self._link = ""
        self._link_start = 0
        self._gap = False
        self._attributing = 0
        self._signing = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "br":
            self._break()
        elif tag == "hr":
            self._end_line(gap=False)
            if _starts_quote(attributes):
                self._emit(CUT)
            self._line = SEPARATOR
            self._end_line(gap=False)
        elif tag == "img":
            alternative = attributes.get("alt", "").strip()
            if alternative:
                self._write(f"[{alternative[:200]}]")
        elif tag == "a":
            self._link, self._link_start = attributes.get("href", ""), len(self._line)
        elif tag in BLOCKS:
            self._open_block(tag, attributes)
        elif tag == "span" and _starts_quote(attributes):
            self._end_line(gap=False)
            self._emit(CUT)
        elif tag in {"td", "th"} and self._line.strip():
            self._write(" ")

    def _open_block(self, tag: str, attributes: dict[str, str]) -> None:
        self._end_line(gap=tag in SPACED)
        quoting = tag == "blockquote" or (
            tag == "div" and BORDERED.search(attributes.get("style", "")[:LONGEST_STYLE]) is not None
        )
        if _starts_quote(attributes):
            self._emit(CUT)
        self._open.append((tag, quoting))
        self._quote += quoting
        if self._attributing or ATTRIBUTIONS.search(attributes.get("class", "")):
            self._attributing += 1
        if self._signing or _is_signature(attributes):
            self._signing += 1
        self._pre += tag == "pre"
        if tag == "li":
            self._line = "- "

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._end_link()
        if tag not in BLOCKS:
            return
        self._end_line(gap=tag in SPACED)
        # The input is nh3's output: every element is closed, in order.
        if self._open and self._open[-1][0] == tag:
            name, quoting = self._open.pop()
            self._attributing -= self._attributing > 0
            self._signing -= self._signing > 0
            self._quote -= quoting
            self._pre -= name == "pre"

    def _end_link(self) -> None:
        label = self._line[self._link_start :].strip()
        target = self._link.removeprefix("mailto:")
        if self._link.startswith(("http:", "https:")) and target not in label and label not in target:
            self._line += f" <{self._link[:500]}>"
        self._link = ""

    def handle_data(self, data: str) -> None:
        if self._pre:
            for index, piece in enumerate(data.split("\n")):
                if index:
                    self._break()
                self._line += piece
            return
        self._write(re.sub(r"[ \t\n\r\f]+", " ", data))

    def _write(self, words: str) -> None:
        if self._line.endswith(" ") or not self._line:
            words = words.lstrip(" ")
        if len(self._line) > LONGEST_LINE and words.startswith(" "):
            self._break()  # every addition copies the line; nobody reads one that long
        self._line += words

    def _break(self) -> None:
        self._emit(self._line)
        self._line = ""

    def _end_line(self, *, gap: bool) -> None:
        if self._line.strip():
            self._emit(self._line)
        self._line = ""
        self._gap = self._gap or gap

    def _emit(self, line: str) -> None:
        if line == CUT:
            self._lines.append(CUT)
            return
        prefix = "> " * min(self._quote, 20) or self._mark()
        if self._gap and self._lines:
            self._lines.append(prefix.rstrip() if self._quote else "")
        self._gap = False
        self._lines.append((prefix + line).rstrip())

    def _mark(self) -> str:
        if self._signing:
            return SIGNED
        return ATTRIBUTED if self._attributing else ""

    def text(self) -> str:
        """All that was read, as lines."""
        self._end_line(gap=False)
        return tidy(clean("\n".join(self._lines)))


def _is_signature(attributes: dict[str, str]) -> bool:
    named = attributes.get("class", "") + " " + attributes.get("name", "")
    return bool(SIGNATURES.search(named) or SIGNATURE_IDS.match(attributes.get("id", "")))


def _starts_quote(attributes: dict[str, str]) -> bool:
    style = re.sub(r"\s*([:;])\s*", r"\1", attributes.get("style", "")[:LONGEST_STYLE])
    outlook = OUTLOOK_LINE.search(style) and OUTLOOK_COLOURS.search(style)
    named = CONTAINERS.search(attributes.get("class", "") + " " + attributes.get("name", "")) or CONTAINER_IDS.match(
        attributes.get("id", "")
    )
    return bool(outlook or named)
