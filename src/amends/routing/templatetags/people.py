"""How somebody's presence is drawn: a shape and a word, never colour alone."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from amends.accounts.public import Hours, hours_words
from amends.core import clock
from amends.routing.attendance import Attendance
from amends.routing.presence import AWAY, HERE, OFF
from amends.routing.sentences import languages as language_names

register = template.Library()

SHAPES = {
    HERE: '<circle cx="5" cy="5" r="4.2" fill="currentColor"/>',
    AWAY: '<circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M5 5V1.6A3.4 3.4 0 0 1 5 8.4Z" fill="currentColor"/>',
    OFF: '<circle cx="5" cy="5" r="3.4" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M3 5h4" stroke="currentColor" stroke-width="1.6"/>',
}


def when_words(moment: datetime) -> str:
    """The hour for today, else the day and the hour, in the zone of the staff's pages."""
    zone = ZoneInfo(settings.AMENDS_TIME_ZONE)
    local, today = moment.astimezone(zone), clock.now().astimezone(zone).date()
    hour = date_format(local, "H:i")
    return hour if local.date() == today else f"{date_format(local, 'D j M')}, {hour}"


def attendance_words(one: Attendance) -> str:
    """How somebody stands, in a few words: "away until 14:30"."""
    if one.word == HERE:
        return pgettext("presence", "here")
    when = when_words(one.until) if one.until else ""
    if one.word == AWAY:
        return _("away until %(when)s") % {"when": when} if when else pgettext("presence", "away")
    if one.schedule.closed and not one.said:
        return _("off shift: %(why)s") % {"why": one.schedule.closed}
    return _("off shift until %(when)s") % {"when": when} if when else pgettext("presence", "off shift")


@register.simple_tag
def presence(one: Attendance | None, form: str = "full") -> SafeString | str:
    """The shape and the words; `mark` draws the shape and says the words to screen readers only."""
    if one is None:
        return ""
    shape = format_html('<svg viewBox="0 0 10 10" aria-hidden="true">{}</svg>', SafeString(SHAPES[one.word]))
    words = attendance_words(one)
    said = format_html('<span class="unseen">, {}</span>', words) if form == "mark" else format_html("{}", words)
    return format_html('<span class="presence presence--{}">{}{}</span>', one.word, shape, said)


@register.filter
def tongues(languages: list[str]) -> str:
    """Languages by their names, those without a name here by their letters."""
    known = language_names()
    return ", ".join(known.get(one, one) for one in languages)


@register.filter
def week(hours: Hours) -> str:
    """A week of hours in one line; without any, that work is always possible."""
    return hours_words(hours) or _("at any time")
