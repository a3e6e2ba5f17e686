"""What a regime asks for beside its deadlines: whom it concerns, letters, records, facts that have to be stated. Pure data."""

from typing import Literal

from pydantic import Field

from amends.clocks.rulewords import Certainty, Name, Source, Strict, Words


class Scope(Strict):
    """Whom the regime concerns, as lists of our own words; an empty list sets no limit.

    Attributes:
        products: kinds of product, such as payment or superannuation.
        jurisdictions: ISO 3166 codes, such as GB, GB-SCT or EU.
        complainants: consumer, micro_business, small_business, retail_client, policyholder, passenger, resident…
        aspects: kinds of point.
    """

    products: tuple[Name, ...] = ()
    jurisdictions: tuple[str, ...] = ()
    complainants: tuple[Name, ...] = ()
    aspects: tuple[Name, ...] = ()


class FactRule(Strict):
    """A fact on which clocks depend and which a person states: that an extension was taken, that it is hardship…

    Attributes:
        kind: what is stated: yes or no, a word of a list, or a date.
        words: the list, for `kind: word`.
        reason: whether the person must say why.
        letter: the kind of letter that is owed when the fact is stated.
    """

    title: Words
    kind: Literal["flag", "word", "date"] = "flag"
    words: tuple[Name, ...] = ()
    reason: bool = False
    letter: Name | None = None


class Letter(Strict):
    """A letter the regime asks for.

    Attributes:
        letter: acknowledgement, holding, delay_notice, summary_resolution, final_response, signpost…
        when: when it is owed, in words for people.
        must_say: what it has to contain, one thing a line.
    """

    letter: Name
    when: Words
    must_say: tuple[Words, ...] = ()
    source: Source
    certainty: Certainty


class Retention(Strict):
    """How long the record has to be kept: `years` from `counted_from` (received, resolved, closed or device_life)."""

    years: int = Field(ge=1, le=100)
    counted_from: Literal["received", "resolved", "closed"]
    note: str = Field(default="", max_length=500)
    source: Source
    certainty: Certainty
