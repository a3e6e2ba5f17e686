"""Rule packs in words, in the language of the page: clocks as sentences, conditions, calendars, what is not confirmed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.functional import Promise as LazyText
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from amends.clocks.calendar import END_OF_DAY, Slot
from amends.clocks.rulepack import ClockRule, RulePack
from amends.clocks.rulewords import Certainty, Duration, End, Missed, Source, Words
from amends.clocks.selectors import letter_words
from amends.clocks.wording import LANGUAGES, span_words

EVENT_WORDS: dict[str, LazyText] = {
    "received": gettext_lazy("receipt"),
    "reopened": gettext_lazy("reopening"),
    "acknowledged": gettext_lazy("the acknowledgement"),
    "final_response_sent": gettext_lazy("the final response"),
    "escalation_requested": gettext_lazy("the wish to go to the second stage"),
    "became_aware": gettext_lazy("the day we became aware"),
    "sent_to_company": gettext_lazy("the day it was sent to the company"),
    "refund_due": gettext_lazy("the day the refund fell due"),
    "information_received": gettext_lazy("the day the information arrived"),
    "objection_period_end": gettext_lazy("the last day for objections"),
}
STOP_WORDS: dict[str, LazyText] = {
    "acknowledged": gettext_lazy("acknowledgement"),
    "proposed": gettext_lazy("proposal"),
    "final_response_sent": gettext_lazy("final response"),
    "holding_sent": gettext_lazy("holding reply"),
    "resolved": gettext_lazy("resolution"),
    "closed": gettext_lazy("closing"),
    "withdrawn": gettext_lazy("withdrawal"),
    "out_of_jurisdiction": gettext_lazy("finding that we are not responsible"),
    "signposted": gettext_lazy("letter about the ombudsman"),
    "reported": gettext_lazy("report to the authority"),
    "not_reportable": gettext_lazy("recorded decision that no report is due"),
    "supplement_sent": gettext_lazy("supplement to the report"),
    "refunded": gettext_lazy("refund"),
    "io_escalated": gettext_lazy("handing over to the internal ombudsman"),
    "ombudsman_referred": gettext_lazy("the customer's turning to the ombudsman"),
    "stage2_acknowledged": gettext_lazy("acknowledgement of the second stage"),
    "stage2_response_sent": gettext_lazy("answer of the second stage"),
}
CONDITION_WORDS: dict[str, LazyText] = {
    "imported": gettext_lazy("it came with an import"),
    "hardship": gettext_lazy("hardship"),
    "product": gettext_lazy("kind of product"),
    "category": gettext_lazy("category"),
    "severity": gettext_lazy("severity"),
    "safety": gettext_lazy("danger to somebody"),
    "vulnerable": gettext_lazy("a vulnerable customer"),
    "label": gettext_lazy("kind of message"),
    "language": gettext_lazy("language"),
}


@dataclass(frozen=True, slots=True)
class ClockWords:
    """One clock for people.

    Attributes:
        only_where: what must hold, one phrase each; `not_where` what must not.
        warns: when it warns; empty without warnings.
        stopped_by: what ends it.
    """

    title: str
    sentence: str
    only_where: list[str]
    not_where: list[str]
    warns: str
    stopped_by: str
    missed: str
    source: Source
    unconfirmed: bool


def language() -> str:
    """The language of the page, as far as rule packs speak it."""
    code = (get_language() or "en").split("-")[0]
    return code if code in LANGUAGES else "en"


def said(words: Words) -> str:
    """A text of a pack in the language of the page."""
    return words.by_language[language()]


def event_words(event: str) -> str:
    """What starts a clock."""
    return str(EVENT_WORDS.get(event, event.replace("_", " ")))


def stop_words(event: str) -> str:
    """What ends a clock."""
    return str(STOP_WORDS.get(event, event.replace("_", " ")))


def clock_words(pack: RulePack, rule: ClockRule) -> ClockWords:
    """One clock of a pack."""
    return ClockWords(
        title=said(rule.title),
        sentence=_sentence(rule),
        only_where=[condition_words(pack, name, value) for name, value in rule.when.all.items()],
        not_where=[condition_words(pack, name, value) for name, value in rule.when.none.items()],
        warns=_warnings(rule),
        stopped_by=either(map(stop_words, rule.stops)),
        missed=_("a broken deadline")
        if rule.missed is Missed.BREACH
        else _("nothing is broken; a possibility is over"),
        source=rule.source,
        unconfirmed=rule.certainty is Certainty.UNCONFIRMED,
    )


def _sentence(rule: ClockRule) -> str:
    starts = [rule.counts_from] if rule.counts_from else list(rule.start)
    said_so = _("%(span)s after %(event)s, %(end)s") % {
        "span": _span(rule.duration),
        "event": either(map(event_words, starts)),
        "end": {
            End.INSTANT: _("to the minute"),
            End.END_OF_DAY: _("to the end of that day"),
            End.CLOSE_OF_BUSINESS: _("to the close of business"),
        }[rule.end],
    }
    if rule.starts_from:
        said_so += _("; only what starts on or after %(day)s") % {"day": rule.starts_from.isoformat()}
    if rule.starts_until:
        said_so += _("; only what starts up to %(day)s") % {"day": rule.starts_until.isoformat()}
    if rule.pauses:
        said_so += _("; may pause for: %(reasons)s") % {
            "reasons": ", ".join(one.replace("_", " ") for one in rule.pauses)
        }
    return said_so + "."


def _span(span: Duration) -> str:
    return span_words(span, LANGUAGES[language()])


def _warnings(rule: ClockRule) -> str:
    before = [_("%(span)s before") % {"span": _span(span)} for span in rule.warn_before]
    return ", ".join([*before, *(_("at %(percent)s %% of the time") % {"percent": one} for one in rule.warn_at)])


def either(words: Iterable[str]) -> str:
    """The words as one list: "resolution, closing or withdrawal"."""
    *some, last = list(words) or [""]
    return _("%(some)s or %(last)s") % {"some": ", ".join(some), "last": last} if some else last


def condition_words(pack: RulePack, name: str, value: object) -> str:
    """One condition: "An extension was taken", "Kind of product: credit or insurance"."""
    fact = pack.facts.get(name)
    title = said(fact.title) if fact else str(CONDITION_WORDS.get(name, name.replace("_", " ")))
    if value is True:
        return title
    if value is False:
        return _("not: %(what)s") % {"what": title}
    values = value if isinstance(value, list) else [value]
    return f"{title}: {either(str(one).replace('_', ' ') for one in values)}"


def calendar_words(pack: RulePack) -> list[str]:
    """By which days and hours the pack counts, one sentence each."""
    rule = pack.calendar
    places = (
        _("Public holidays of %(countries)s.") % {"countries": either(rule.countries)}
        if rule.countries
        else _("Public holidays of the complaint's own country.")
    )
    parts = {
        "counted": _("Holidays of its parts count where the case names one."),
        "ignored": _("Holidays of its parts do not count."),
    }.get(rule.parts) or _("Always those of %(part)s.") % {"part": rule.parts}
    days = [
        f"{LANGUAGES[language()].weekdays[number]} {_hours(slots)}" for number, slots in enumerate(rule.week) if slots
    ]
    sentences = [
        f"{places} {parts}",
        _("Working hours: %(days)s.") % {"days": "; ".join(_same_hours(days))},
        _("Time zone where the case has none: %(zone)s.") % {"zone": rule.timezone},
    ]
    if rule.own_closures:
        sentences.append(_("The unit's own closed days count as well."))
    if rule.closures:
        listed = ", ".join(f"{one.first.isoformat()} – {one.last.isoformat()} {one.name}" for one in rule.closures)
        sentences.append(_("Closed: %(days)s.") % {"days": listed})
    return sentences


def _hours(slots: Iterable[Slot]) -> str:
    return ", ".join(f"{one.start:%H:%M}–{'24:00' if one.end == END_OF_DAY else f'{one.end:%H:%M}'}" for one in slots)


def _same_hours(days: list[str]) -> list[str]:
    """Neighbouring days with the same hours as one: Mon–Fri 09:00–17:00."""
    joined: list[list[str]] = []
    for day in days:
        name, hours = day.split(" ", 1)
        if joined and joined[-1][2] == hours:
            joined[-1][1] = name
        else:
            joined.append([name, name, hours])
    return [f"{first if first == last else f'{first}–{last}'} {hours}" for first, last, hours in joined]


def unconfirmed_words(pack: RulePack) -> list[str]:
    """What was not read in the rule's own text, in words."""
    clocks = [
        f"{said(rule.title)}: {_span(rule.duration)}" for rule in pack.clocks if rule.certainty is Certainty.UNCONFIRMED
    ]
    letters = [
        _("letter: %(letter)s") % {"letter": letter_words(one.letter)}
        for one in pack.letters
        if one.certainty is Certainty.UNCONFIRMED
    ]
    kept = pack.retention
    keeping = [retention_words(pack)] if kept and kept.certainty is Certainty.UNCONFIRMED else []
    return list(dict.fromkeys(clocks + letters + keeping))


def retention_words(pack: RulePack) -> str:
    """How long the record is kept; empty where the pack says nothing."""
    kept = pack.retention
    if kept is None:
        return ""
    since = {
        "received": _("since its receipt"),
        "resolved": _("since it was resolved"),
        "closed": _("since it was closed"),
    }[kept.counted_from]
    years = ngettext("%(number)s year", "%(number)s years", kept.years) % {"number": kept.years}
    note = f" ({kept.note})" if kept.note else ""
    return _("The record is kept for %(years)s %(since)s") % {"years": years, "since": since} + note + "."
