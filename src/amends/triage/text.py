"""A message cut into tokens, clauses and sentences, with offsets into the untouched original.

Everything here is linear in the length of the text, and no more than ASSESSED_CHARACTERS are looked at, so that a
hostile message costs no more than a long one.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cached_property

from amends.triage.grammar import words

ASSESSED_CHARACTERS = 20_000
"""Longer texts are assessed on their first 20,000 characters (about eight printed pages)."""

TOKEN_CHARACTERS = 40
"""Longer tokens (encoded files, hostile text) are compared by their first 40 characters only."""

SUBJECT_CHARACTERS = 500
"""Longer subjects are assessed on their first 500 characters."""

_ORDINAL_DIGITS = 2
_SUBJECT_GAP = "\n\n"
_REPLY_MARKS = re.compile(r"^(?:\s{0,3}(?:re|aw|fwd?|wg|antwort)\s?:){1,8}", re.IGNORECASE)
# Letters with their combining marks, inner apostrophes and hyphens; numbers with separators; any other character alone.
_TOKEN = re.compile(
    r"\d+(?:[.,:]\d+)*(?:(?:st|nd|rd|th)\b|(?:-[^\W\d_]+)*)|[^\W\d_](?:[\w\u0300-\u036f]|['’-][^\W\d_])*|[^\w\s]|_"
)
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "’": "'", "`": "'"})
_SENTENCE_ENDS = frozenset(".!?;:…•|")
_CLAUSE_ENDS = frozenset(',()–—-"“”„«»')
# Words that open a new clause even without a comma. "and"/"und" do so only before a new subject (see _SUBJECTS).
_OPENERS = words("clause_openers")
_JOINERS = words("joiners")
_SUBJECTS = words("subjects")


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign. `form` is lower-cased and folded (ä as ae, ß as ss); the offsets are the original's."""

    form: str
    start: int
    end: int
    is_word: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A run of tokens [first, last) with the number of the sentence it stands in."""

    first: int
    last: int
    sentence: int


def fold(word: str) -> str:
    """Return the form in which words are compared: NFC, lower case, umlauts written out."""
    if word.isascii():
        return word.lower()[:TOKEN_CHARACTERS]
    return unicodedata.normalize("NFC", word).lower().translate(_FOLD)[:TOKEN_CHARACTERS]


class Text:
    """A message to be assessed: `original` is untouched, `assessed` is what rules look at.

    Quoted lines (those that begin with ">") are blanked in `assessed`, because they are words of somebody else.
    The subject counts as a sentence of its own, but points and wishes quote the body alone.
    """

    def __init__(self, original: str, *, subject: str = "", channel: str = "email", language_hint: str = "") -> None:
        body = _without_quotes(original[:ASSESSED_CHARACTERS])
        subject = _REPLY_MARKS.sub("", subject[:SUBJECT_CHARACTERS])
        # The subject stands behind the body, so that the offsets of the body stay those of the original.
        self.original = original[:ASSESSED_CHARACTERS] + _SUBJECT_GAP + subject
        self.assessed = body + _SUBJECT_GAP + subject
        self.body_end = len(body)
        self.channel = channel
        self.language_hint = language_hint[:2].lower()
        self.was_cut = len(original) > ASSESSED_CHARACTERS

    @cached_property
    def tokens(self) -> tuple[Token, ...]:
        """The tokens of the assessed part."""
        found = []
        for match in _TOKEN.finditer(self.assessed):
            form = fold(match.group())
            found.append(Token(form, match.start(), match.end(), form[0].isalnum()))
        return tuple(found)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """The folded forms of the tokens."""
        return tuple(token.form for token in self.tokens)

    @cached_property
    def sentences(self) -> tuple[Span, ...]:
        """The sentences: ended by a full stop or its like, or by an empty line."""
        spans: list[Span] = []
        first = 0
        tokens = self.tokens
        for index, token in enumerate(tokens):
            following = tokens[index + 1].start if index + 1 < len(tokens) else len(self.assessed)
            gap = self.assessed[token.end : following]
            before = tokens[index - 1].form if index else ""
            if self._ends_sentence(token, gap, before) or index + 1 == len(tokens):
                spans.append(Span(first, index + 1, len(spans)))
                first = index + 1
        return tuple(spans)

    @staticmethod
    def _ends_sentence(token: Token, gap: str, before: str) -> bool:
        if gap.count("\n") > 1:
            return True
        # "am 3. April" goes on; a line of its own does not.
        ordinal = token.form == "." and before.isdigit() and len(before) <= _ORDINAL_DIGITS and "\n" not in gap
        return token.form in _SENTENCE_ENDS and not ordinal and (gap != "" or token.form in "!?…")

    @cached_property
    def clauses(self) -> tuple[Span, ...]:
        """The clauses: parts of sentences between commas, dashes, brackets and joining words with a new subject."""
        spans: list[Span] = []
        for sentence in self.sentences:
            first = sentence.first
            for index in range(sentence.first, sentence.last):
                if index > first and self._opens_clause(index, sentence.last):
                    spans.append(Span(first, index, sentence.sentence))
                    first = index
            spans.append(Span(first, sentence.last, sentence.sentence))
        return tuple(span for span in spans if any(token.is_word for token in self.tokens[span.first : span.last]))

    def _opens_clause(self, index: int, end: int) -> bool:
        tokens = self.tokens
        form = tokens[index].form
        before = tokens[index - 1]
        if before.form in _CLAUSE_ENDS:
            return not (before.form == "-" and before.end == tokens[index].start)
        if form in _OPENERS:
            return True
        return form in _JOINERS and index + 1 < end and tokens[index + 1].form in _SUBJECTS

    @cached_property
    def sentence_of_token(self) -> tuple[int, ...]:
        """For each token the number of its sentence."""
        return tuple(span.sentence for span in self.sentences for _ in range(span.first, span.last))

    def in_body(self, token: int) -> bool:
        """Return whether the token stands in the body, not in the subject."""
        return self.tokens[token].start < self.body_end

    def words(self, first: int, last: int) -> str:
        """Return the original characters from token `first` up to, not including, token `last`."""
        if first >= last:
            return ""
        return self.original[self.tokens[first].start : self.tokens[last - 1].end]

    def is_question(self, sentence: int) -> bool:
        """Return whether the sentence ends with a question mark."""
        span = self.sentences[sentence]
        return any(form == "?" for form in self.forms[max(span.first, span.last - 2) : span.last])


def _without_quotes(text: str) -> str:
    """Blank quoted lines, keeping every offset."""
    if ">" not in text:
        return text
    lines = text.split("\n")
    return "\n".join(" " * len(line) if line.lstrip().startswith(">") else line for line in lines)
