"""The page about the time to the first answer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.formats import date_format, number_format
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _

from amends.accounts.public import Permission, permission_required, request_actor
from amends.core import clock
from amends.intake.public import channel_name
from amends.review.first_answer import GOAL_SECONDS, PERIODS, FirstAnswers, Waits, first_answers
from amends.review.waits_plot import DAY, HOUR, MINUTE, Plot, plot


@dataclass(frozen=True, slots=True)
class Row:
    """A line of a table, in words."""

    name: str
    received: int
    median: str
    p95: str
    share: str
    open: int


@permission_required(Permission.REVIEW_VIEW)
def first_answer(request: HttpRequest) -> HttpResponse:
    """How long customers wait for the first answer, and who waits now."""
    asked = request.GET.get("days", "")
    days = int(asked) if asked in {str(one) for one in PERIODS} else PERIODS[1]
    figures = first_answers(request_actor(request), days=days, zone=settings.AMENDS_TIME_ZONE)
    drawn = _plot(figures, days)
    now = clock.now()
    context = {
        "area": "first-answer",
        "days": days,
        "periods": PERIODS,
        "figures": figures,
        "finding": finding(figures.all),
        "total": _row("", figures.all),
        "tables": _tables(figures),
        "day_rows": [_row(_day_words(one.key), one) for one in reversed(figures.days)],
        "plot": drawn,
        "ticks": [(tick, duration(tick.seconds)) for tick in drawn.ticks],
        "labels": [(label, date_format(label.day, "j M")) for label in drawn.labels],
        "waiting": [(one, duration((now - one.received_at).total_seconds())) for one in figures.waiting],
    }
    return render(request, "review/first_answer.html", context)


def finding(all_: Waits) -> str:
    """The figures in one sentence, for the head of the page."""
    if all_.median is None:
        return _("No first answer in this period")
    words = {"median": duration(all_.median), "share": share(all_.share)}
    if all_.share is None:
        return _("Half of all first answers leave within %(median)s") % words
    return _("Half of all first answers leave within %(median)s; %(share)s have one within five minutes") % words


def share(value: float | None) -> str:
    """A share of 0 to 1 as a percentage. What is not all is never rounded up to all."""
    if value is None:
        return "–"
    percent = min(value * 100, 99.9) if value < 1 else 100
    return f"{number_format(percent, 1 if 99 < percent < 100 else 0)} %"


def duration(seconds: float) -> str:
    """So long, in the unit that people would use."""
    for size, words in (
        (DAY, _("%(number)s days")),
        (HOUR, _("%(number)s h")),
        (MINUTE, _("%(number)s min")),
    ):
        if seconds >= size * (2 if size == DAY else 1):
            value = seconds / size
            whole = value >= 10 or value == int(value)
            return words % {"number": number_format(value, 0 if whole else 1)}
    return _("%(number)s s") % {"number": number_format(seconds, 0 if seconds >= 10 or seconds == int(seconds) else 1)}


def _tables(figures: FirstAnswers) -> list[tuple[str, list[Row]]]:
    def rows(groups: Sequence[Waits], name: Callable[[str], str]) -> list[Row]:
        return [_row(name(str(one.key)), one) for one in groups]

    return [
        (_("By channel"), rows(figures.channels, channel_name)),
        (_("By unit"), rows(figures.units, str)),
        (_("By language"), rows(figures.languages, _language_name)),
        (_("By whom"), rows(figures.by, lambda key: _("By itself") if key == "template" else _("A person"))),
    ]


def _row(name: str, one: Waits) -> Row:
    median = "–" if one.median is None else duration(one.median)
    p95 = "–" if one.p95 is None else duration(one.p95)
    return Row(name, one.received, median, p95, share(one.share), one.open)


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"]) if code else _("Not known")
    except KeyError:
        return code


def _day_words(day: str | date) -> str:
    return date_format(day, "D j M Y") if isinstance(day, date) else day


def _plot(figures: FirstAnswers, days: int) -> Plot:
    last = clock.now().astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE)).date()
    points = [
        (one.key, one.median, one.p95)
        for one in figures.days
        if isinstance(one.key, date) and one.median is not None and one.p95 is not None
    ]
    return plot(points, goal=GOAL_SECONDS, first=last - timedelta(days=days), last=last)
