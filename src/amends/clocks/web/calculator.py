"""The calculator on the page of a rule pack: a start, a place and facts go in, dates with their reasons come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.accounts.public import UnitSettings
from amends.clocks.engine import NO_CLOSURES, Due, due
from amends.clocks.rulepack import RulePack
from amends.clocks.rulewords import RECEIVED
from amends.clocks.selectors import closed_days
from amends.clocks.sentences import event_words, language, said
from amends.clocks.zones import UnknownZoneError, zone_named
from amends.core import clock


@dataclass(frozen=True, slots=True)
class Answer:
    """One date the calculator gives; `due` is on the wall of its zone."""

    title: str
    due: datetime
    all_day: bool
    why: str
    unconfirmed: bool


class WallTime(forms.DateTimeField):
    """A date and time on the wall of the place that is asked about, which is another field."""

    def to_python(self, value: Any) -> datetime | None:
        """Without a zone."""
        if value in self.empty_values:
            return None
        try:
            return datetime.fromisoformat(str(value).strip()).replace(tzinfo=None)
        except ValueError:
            raise forms.ValidationError(_("Write a date and a time, such as 2026-03-02 09:30.")) from None


class CalculatorForm(forms.Form):
    """When what happened where; the facts are those for which the pack asks."""

    received = WallTime(
        label=gettext_lazy("When it happened, there"),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
    )
    event = forms.ChoiceField(label=gettext_lazy("What happened"))
    timezone = forms.CharField(
        label=gettext_lazy("Time zone"), max_length=64, help_text=gettext_lazy("For example Europe/London.")
    )
    country = forms.CharField(
        label=gettext_lazy("Country"), max_length=10, required=False, help_text=gettext_lazy("Two letters: GB.")
    )
    subdivision = forms.CharField(
        label=gettext_lazy("Part of the country"),
        max_length=10,
        required=False,
        help_text=gettext_lazy("For example SCT or BY."),
    )

    def __init__(self, data: Mapping[str, Any] | None, *, pack: RulePack, place: UnitSettings) -> None:
        """The form of this pack; without data it starts now, where the organisation is."""
        now = clock.now().astimezone(zone_named(pack.calendar.timezone)).replace(tzinfo=None)
        initial = {
            "received": now,
            "timezone": place.timezone if not pack.calendar.countries else pack.calendar.timezone,
            "country": place.country if not pack.calendar.countries else pack.calendar.countries[0],
            "subdivision": place.subdivision if not pack.calendar.countries else "",
        }
        super().__init__(data, initial=initial)
        self.pack, self.place = pack, place
        events = dict.fromkeys(event for rule in pack.clocks for event in rule.start)
        event = self.fields["event"]
        assert isinstance(event, forms.ChoiceField)
        event.choices = [(one, event_words(one)) for one in sorted(events, key=lambda one: one != RECEIVED)]
        for name, fact in pack.facts.items():
            self.fields[f"fact-{name}"] = _fact_field(fact.kind, said(fact.title), fact.words)

    def clean_timezone(self) -> str:
        """A zone there is."""
        try:
            return zone_named(self.cleaned_data["timezone"]).key
        except UnknownZoneError:
            raise forms.ValidationError(_("There is no such time zone: write one such as Europe/London.")) from None

    def answers(self) -> list[Answer]:
        """The dates. Raises ValueError when the place cannot be understood or nothing can be counted."""
        given = self.cleaned_data
        facts = {name: given.get(f"fact-{name}") for name in self.pack.facts}
        context = {name: value for name, value in facts.items() if value not in (None, "", False)}
        clocks = due(
            self.pack,
            received=given["received"].replace(tzinfo=zone_named(given["timezone"])),
            timezone=given["timezone"],
            country=given["country"] or None,
            subdivision=given["subdivision"] or None,
            context={**context, "event": given["event"]},
            closures=closed_days(self.place) if self.pack.calendar.own_closures else NO_CLOSURES,
        )
        return sorted((_answer(one) for one in clocks), key=lambda one: one.due)


def _fact_field(kind: str, title: str, words: tuple[str, ...]) -> forms.Field:
    if kind == "flag":
        return forms.BooleanField(label=title, required=False)
    if kind == "word":
        choices = [("", "–"), *((one, one.replace("_", " ")) for one in words)]
        return forms.ChoiceField(label=title, required=False, choices=choices)
    return forms.DateField(
        label=title, required=False, input_formats=["%Y-%m-%d"], widget=forms.DateInput(attrs={"type": "date"})
    )


def _answer(one: Due) -> Answer:
    return Answer(
        title=one.titles[language()],
        due=one.local,
        all_day=one.end == "end_of_day",
        why=one.whys[language()],
        unconfirmed=one.certainty == "unconfirmed",
    )
