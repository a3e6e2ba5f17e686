"""Days in a letter: in the customer's language and on the calendar of the unit.

By when an answer is due is known to a higher domain. It registers itself here, so that letters can name the day without
knowing where it comes from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils import translation
from django.utils.formats import date_format

from amends.cases.public import Complaint
from amends.core.registry import Registry

FORMATS = {"en": "l j F Y", "de": "l, j. F Y"}


@dataclass(frozen=True, slots=True)
class AnswerDate:
    """One source of the day by which we owe an answer; `read(complaint)` gives the instant, or None."""

    key: str
    read: Callable[[Complaint], datetime | None]
    order: int = 100


answer_dates: Registry[AnswerDate] = Registry("answer dates")


def day_words(day: date, language: str) -> str:
    """For example `Friday 6 March 2026`, `Freitag, 6. März 2026`."""
    with translation.override(language):
        return date_format(day, FORMATS.get(language, "Y-m-d"), use_l10n=False)


def local_day(moment: datetime, timezone: str) -> date:
    """The calendar day of an instant there; midnight ends the day before, and what is due then is due on that one."""
    return (moment - timedelta(seconds=1)).astimezone(ZoneInfo(timezone)).date()


def answer_day(complaint: Complaint, timezone: str) -> date | None:
    """The day by which the customer has an answer; None when no clock of ours promises one."""
    moments = [moment for moment in (source.read(complaint) for source in answer_dates) if moment is not None]
    return local_day(min(moments), timezone) if moments else None
