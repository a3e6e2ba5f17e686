"""The small parts that every page of the workspace draws: icons, clocks, times, severity, initials."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django import template
from django.conf import settings
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext, pgettext

from amends.accounts.public import request_actor
from amends.core import clock as time
from amends.workspace.badges import ClockBadge, ClockState, length_words
from amends.workspace.places import Heading, places_for

register = template.Library()

ICONS = Path(__file__).parent.parent / "static" / "vendor" / "tabler-icons"
THEMES = ("light", "dark")

SHAPES = {
    ClockState.WARNED: '<path d="M6 1.2 11.4 10.8H.6Z" fill="currentColor"/>',
    ClockState.LATE: '<path d="M6 .4 11.6 6 6 11.6.4 6Z" fill="currentColor"/>',
    ClockState.MET: '<path d="m1.8 6.6 2.8 2.8 5.6-6.4" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    ClockState.MISSED: '<path d="m2 2 8 8m0-8-8 8" fill="none" stroke="currentColor" stroke-width="1.8"/>',
    ClockState.PAUSED: '<path d="M3.5 2v8m5-8v8" fill="none" stroke="currentColor" stroke-width="2"/>',
}


@cache
def _drawing(name: str) -> SafeString:
    if not name.replace("-", "").isalnum():
        raise template.TemplateSyntaxError(f"{name!r} is no icon.")
    svg = (ICONS / f"{name}.svg").read_text(encoding="utf-8")
    body = svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")]
    head = (
        '<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" '
        'stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">'
    )
    return mark_safe(head + " ".join(body.split()) + "</svg>")  # noqa: S308  # our own vendored file, checked by its sum


@register.simple_tag
def icon(name: str) -> SafeString:
    """An outline icon drawn in place; always beside a word, so it is hidden from screen readers."""
    return _drawing(name)


@register.simple_tag
def clock(badge: ClockBadge, *, still: bool = False) -> SafeString:
    """A clock badge; its reason opens by pointer, focus or touch. `still` leaves it out of the tab order, for lists."""
    if badge.state is ClockState.RUNNING:
        shape = format_html(
            '<circle class="track" cx="6" cy="6" r="4.5" fill="none" stroke-width="2.6"/>'
            '<circle cx="6" cy="6" r="4.5" fill="none" stroke="currentColor" stroke-width="2.6" '
            'stroke-dasharray="{} 28.3" transform="rotate(-90 6 6)"/>',
            str(badge.filled),
        )
    else:
        shape = mark_safe(SHAPES[badge.state])  # noqa: S308  # constant drawings above
    due = _exact(badge.due)
    hint = gettext("Due %(moment)s.") % {"moment": due}
    return format_html(
        '<button type="button" class="clock clock--{state}" data-hint="{hint}"{tab}>'
        '<svg viewBox="0 0 12 12" aria-hidden="true">{shape}</svg>'
        '<time datetime="{iso}">{words}</time></button>',
        state=badge.state.value,
        hint=f"{hint} {badge.why}".strip(),
        tab=mark_safe(' tabindex="-1"') if still else "",
        shape=shape,
        iso=badge.due.isoformat(),
        words=badge.words,
    )


def local_time(moment: datetime) -> datetime:
    """The moment in the time zone of the workspace."""
    return moment.astimezone(ZoneInfo(settings.AMENDS_TIME_ZONE))


def _exact(moment: datetime) -> str:
    local = local_time(moment)
    return f"{date_format(local, 'D')} {date_format(local, 'j M Y')}, {date_format(local, 'H:i')}"


@register.simple_tag
def ago(moment: datetime | None) -> SafeString | str:
    """How long ago (or when, after ten days), with the exact time in the title."""
    if moment is None:
        return ""
    passed = time.now() - moment
    if timedelta(0) <= passed < timedelta(days=10):
        words = length_words(passed)
    else:
        local = local_time(moment)
        words = date_format(local, "j M") if local.year == local_time(time.now()).year else date_format(local, "j M Y")
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), _exact(moment), words)


@register.simple_tag
def at(moment: datetime | None, form: str = "full") -> SafeString | str:
    """The exact time: `full` (Mon 2 Mar 2026, 14:05), `day` (Mon 2 Mar 2026) or `hour` (14:05)."""
    if moment is None:
        return ""
    local = local_time(moment)
    words = {"full": _exact(moment), "day": date_format(local, "D j M Y"), "hour": date_format(local, "H:i")}[form]
    return format_html('<time datetime="{}" title="{}">{}</time>', moment.isoformat(), _exact(moment), words)


def severity_word(level: int) -> str:
    """The word for a severity of 1 to 4."""
    return {
        1: pgettext("severity", "minor"),
        2: pgettext("severity", "ordinary"),
        3: pgettext("severity", "serious"),
        4: pgettext("severity", "grave"),
    }[level]


@register.simple_tag
def severity(level: int) -> SafeString:
    """A meter of four bars and the word."""
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="2.6" height="{}" rx=".6" class="{}"/>',
        (
            (f"{i * 3.8:.1f}", f"{8.4 - i * 2.4:.1f}", f"{2.6 + i * 2.4:.1f}", "on" if i < level else "off")
            for i in range(4)
        ),
    )
    return format_html(
        '<span class="severity severity--{}"><svg viewBox="0 0 14 11" aria-hidden="true">{}</svg>{}</span>',
        level,
        bars,
        severity_word(level),
    )


@register.simple_tag
def mood(sentiment: float | None) -> str:
    """One word for a sentiment of -1 to 1; nothing when it is not known."""
    if sentiment is None:
        return ""
    for limit, word in (
        (-0.6, pgettext("mood", "very upset")),
        (-0.2, pgettext("mood", "upset")),
        (0.2, pgettext("mood", "calm")),
    ):
        if sentiment <= limit:
            return word
    return pgettext("mood", "friendly")


@register.simple_tag
def avatar(name: str) -> SafeString:
    """Initials in a circle, beside the name; an empty circle for nobody."""
    words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
    initials = (words[0][0] + (words[-1][0] if len(words) > 1 else "")).upper() if words else ""
    return format_html(
        '<span class="avatar{}" aria-hidden="true">{}</span>', "" if initials else " avatar--nobody", initials
    )


@register.simple_tag(takes_context=True)
def shell(context: dict[str, Any]) -> dict[str, Any]:
    """What the frame of every page needs from the request: theme and whether single-letter keys are on."""
    request: HttpRequest | None = context.get("request")
    cookie = request.COOKIES.get("amends_theme", "") if request else ""
    user = getattr(request, "user", None)
    return {
        "theme": cookie if cookie in THEMES else "",
        "shortcuts": bool(getattr(user, "single_key_shortcuts", True)),
        "demo": bool(getattr(settings, "AMENDS_DEMO", False)),
        "mark": getattr(request, "live_mark", ""),
    }


@register.simple_tag(takes_context=True)
def areas(context: dict[str, Any]) -> list[Heading]:
    """The areas of the bar that this person may open, by group."""
    request: HttpRequest = context["request"]
    return places_for(request_actor(request), path=request.path, area=str(context.get("area", "")))
