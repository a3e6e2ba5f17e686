"""From a letter and its values to subject, plain text and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from html import escape

from amends.core.text import clean, clean_line
from amends.voice.configured import configured_letter
from amends.voice.letterfile import PLACEHOLDER, Block, Letter, Line, Part

Value = str | int | Sequence[str] | None
Context = Mapping[str, Value]
"""Values by name; None, an empty text and an empty list mean that there is nothing to say."""

PAGE = (
    '<div style="max-width:38em;font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif;'
    'font-size:16px;line-height:1.55">\n{body}\n</div>\n'
)
QUOTE = '<blockquote style="margin:0 0 1em;padding-left:1em;border-left:3px solid #87837a">{words}</blockquote>'


class MissingValueError(ValueError):
    """A letter would have had a gap: a placeholder has no value. Nothing is sent then."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A letter ready to send; `language` is the one it is really in."""

    subject: str
    text: str
    html: str
    language: str


def render(kind: str, language: str, context: Context) -> Rendered:
    """The letter of this kind in the customer's language (English when there is none in it).

    Args:
        kind: the kind, or a variant of it that `choose_letter` named.
        context: at least what docs/reference/voice.md lists for the kind; `letter_context` gives the common part.

    Raises:
        MissingValueError: a placeholder that is said has no value.
        ValueError: there is no such kind.
    """
    return render_letter(configured_letter(kind, language), context)


def render_letter(source: Letter, context: Context) -> Rendered:
    """The same for a letter at hand."""
    subject = next((_filled(line.text, context, source) for line in source.subject if _said(line, context)), None)
    if subject is None:
        raise MissingValueError(f"{source.kind}.{source.language}: no subject fits the values.")
    blocks = [block for block in source.block if _said(block, context)]
    texts = [_text(block, context, source) for block in blocks]
    htmls = [_html(block, context, source) for block in blocks]
    return Rendered(
        subject=clean_line(subject),
        text=clean("\n\n".join(texts)) + "\n",
        html=clean(PAGE.format(body="\n".join(htmls))),
        language=source.language,
    )


def _said(part: Part, context: Context) -> bool:
    if part.when is not None and not context.get(part.when):
        return False
    return part.unless is None or not context.get(part.unless)


def _filled(template: str, context: Context, source: Letter) -> str:
    def value(name: str) -> str:
        found = context.get(name)
        if found is None or not isinstance(found, str | int) or not str(found).strip():
            raise MissingValueError(f"{source.kind}.{source.language}: there is no {name}.")
        return str(found)

    return PLACEHOLDER.sub(lambda match: value(match[1]), template)


def _lines(block: Block, context: Context, source: Letter) -> tuple[bool, list[str]] | None:
    """Whether a list is numbered, and its lines; None when the block is no list."""
    own = block.numbered if block.numbered is not None else block.bullets
    if own is not None:
        return block.numbered is not None, _own_lines(own, context, source)
    name = block.numbered_from or block.bullets_from
    if name is None:
        return None
    found = context.get(name)
    lines = [] if found is None or isinstance(found, str | int) else [str(one) for one in found if str(one).strip()]
    if not lines:
        raise MissingValueError(f"{source.kind}.{source.language}: the list {name} is empty.")
    return block.numbered_from is not None, lines


def _own_lines(lines: Iterable[Line], context: Context, source: Letter) -> list[str]:
    return [_filled(line.text, context, source) for line in lines if _said(line, context)]


def _text(block: Block, context: Context, source: Letter) -> str:
    if block.p is not None:
        return _filled(block.p, context, source)
    if block.quote is not None:
        return "\n".join(f"> {line}" for line in _filled(block.quote, context, source).splitlines())
    if block.link is not None and block.url is not None:
        return f"{_filled(block.link, context, source)}:\n{_filled(block.url, context, source)}"
    numbered, lines = _lines(block, context, source) or (False, [])
    return "\n".join(f"{number}. {line}" if numbered else f"- {line}" for number, line in enumerate(lines, start=1))


def _html(block: Block, context: Context, source: Letter) -> str:
    if block.p is not None:
        return f"<p>{_escaped(_filled(block.p, context, source))}</p>"
    if block.quote is not None:
        return QUOTE.format(words=_escaped(_filled(block.quote, context, source)))
    if block.link is not None and block.url is not None:
        url = _filled(block.url, context, source)
        if not url.startswith(("https://", "http://", "tel:", "mailto:")):
            raise MissingValueError(f"{source.kind}.{source.language}: {url[:60]!r} is no address.")
        return f'<p><a href="{escape(url)}">{_escaped(_filled(block.link, context, source))}</a></p>'
    numbered, lines = _lines(block, context, source) or (False, [])
    tag = "ol" if numbered else "ul"
    items = "".join(f"<li>{_escaped(line)}</li>" for line in lines)
    return f"<{tag}>{items}</{tag}>"


def _escaped(text: str) -> str:
    return escape(text).replace("\n", "<br>")
