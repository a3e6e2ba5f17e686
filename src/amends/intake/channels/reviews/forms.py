"""The form of a new source: what every source has, and what its connector wants."""

from __future__ import annotations

from datetime import UTC, datetime, time
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.intake.channels.reviews.connectors.base import Connector
from amends.intake.channels.reviews.services import NewSource


class SourceForm(forms.Form):
    """A new source of one kind."""

    name = forms.CharField(label=_("Name"), max_length=120)
    unit = forms.ChoiceField(label=_("Unit"))
    threshold = forms.IntegerField(
        label=_("Unhappy up to this rating"),
        help_text=_(
            "Reviews with so many stars or fewer become complaints. Where there are no stars, the words decide."
        ),
        min_value=0,
        max_value=5,
        initial=3,
    )
    contact = forms.CharField(
        label=_("Way to reach you in private"),
        help_text=_("It stands in public replies, such as an address of your care team. Empty: your complaint form."),
        max_length=300,
        required=False,
    )
    since = forms.DateField(
        label=_("Complaints since"),
        help_text=_("Older reviews are kept, but become no complaints. Empty: a week ago."),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    every_minutes = forms.IntegerField(label=_("Minutes between two visits"), min_value=1, max_value=1440, initial=15)

    def __init__(self, *args: Any, connector: Connector, units: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.connector = connector
        self.fields["unit"].choices = units  # type: ignore[attr-defined]  # it is a ChoiceField
        if not connector.capabilities.fetches:
            del self.fields["every_minutes"]
        if not connector.capabilities.replies:
            del self.fields["contact"]
        for wanted in connector.wanted:
            self.fields[f"value_{wanted.name}"] = forms.CharField(
                label=str(wanted.label),
                help_text=_("Where it is, not what it is: env:AMENDS_REVIEWS_… or file:…") if wanted.secret else "",
                max_length=1000,
                required=wanted.required,
                initial=wanted.default,
            )

    def new_source(self, unit_id: int) -> NewSource:
        """What the valid form says."""
        values = self.cleaned_data
        since = values["since"]
        return NewSource(
            name=values["name"],
            kind=self.connector.key,
            unit_id=unit_id,
            values={one.name: values[f"value_{one.name}"] for one in self.connector.wanted},
            threshold=values["threshold"],
            contact=values.get("contact", ""),
            complaints_since=datetime.combine(since, time(), tzinfo=UTC) if since else None,
            every_minutes=values.get("every_minutes", 15),
        )

    def refuse(self, field: str | None, message: str) -> None:
        """Say a refusal of the service beside the field it is about."""
        for name in (field, f"value_{field}"):
            if name in self.fields:
                self.add_error(name, message)
                return
        self.add_error(None, message)
