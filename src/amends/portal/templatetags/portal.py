"""Days and hours on the customer's pages, written as in our letters."""

from __future__ import annotations

from datetime import date, datetime

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from amends.voice.public import day_words, language_for

register = template.Library()


@register.filter
def day(value: date | datetime | None) -> SafeString | str:
    """`Friday 6 March 2026` in the language and time zone of the page."""
    if value is None:
        return ""
    local = timezone.localtime(value) if isinstance(value, datetime) else value
    words = day_words(local, language_for(get_language() or "en"))
    return format_html('<time datetime="{}">{}</time>', local.isoformat(), words)


@register.filter
def hour(value: datetime | None) -> str:
    """`14:05` in the time zone of the page."""
    return f"{timezone.localtime(value):%H:%M}" if value else ""
