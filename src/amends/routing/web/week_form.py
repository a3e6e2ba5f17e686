"""A week of hours with its time zone, as seven lines of a form."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.accounts.public import DAYS, Hours, HoursError, day_names, read_day, written_day
from amends.core.text import digest


@cache
def _zones() -> tuple[str, ...]:
    return tuple(
        sorted(
            one
            for one in available_timezones()
            if "/" in one and not one.startswith(("Etc/", "SystemV/", "US/", "posix"))
        )
    )


class WeekForm(forms.Form):
    """Seven days and a time zone; `hours()` is what they mean. Nothing on any day takes the hours from above."""

    above = gettext_lazy("as above")
    seen = forms.CharField(required=False, widget=forms.HiddenInput, max_length=64)

    def __init__(
        self,
        data: Any = None,
        *,
        hours: Hours | None = None,
        timezone: str = "",
        state: Sequence[Any] = (),
        **more: Any,
    ) -> None:
        """The form for these hours; `state` is everything that it shows, so that nobody overwrites what they did not see."""
        self.state = digest(repr([hours, timezone, *state]))[:32]
        initial = {**{day: written_day((hours or {}).get(day, ())) for day in DAYS}, "timezone": timezone}
        super().__init__(data, initial={**initial, "seen": self.state, **more.pop("initial", {})}, **more)
        for day, name in day_names().items():
            self.fields[day] = forms.CharField(label=name, required=False, max_length=120)
        choices = [("", self.above), *((one, one) for one in _zones())]
        if timezone and timezone not in _zones():
            choices.append((timezone, timezone))
        self.fields["timezone"] = forms.ChoiceField(label=_("Time zone"), choices=choices, required=False)

    def week_fields(self) -> list[forms.BoundField]:
        """The seven days."""
        return [self[day] for day in DAYS]

    def clean(self) -> dict[str, Any]:
        """Each day must be understood."""
        cleaned = super().clean() or self.cleaned_data
        found: dict[str, list[list[str]]] = {}
        for day in DAYS:
            try:
                slots = read_day(day, str(cleaned.get(day) or ""))
            except HoursError as error:
                self.add_error(day, str(error))
            else:
                if slots:
                    found[day] = slots
        cleaned["hours"] = found
        if cleaned.get("seen") not in ("", None, self.state):
            self.add_error(None, _("Somebody else has changed this meanwhile: load the page again."))
        return cleaned
