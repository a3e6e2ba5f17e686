"""The fields of the complaint form."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit, UnitKind
from amends.core import clock
from amends.core.text import clean

TEXT_LIMIT = 50_000


class CleanField(forms.CharField):
    """Text from anybody: control characters are taken out, not complained about."""

    def to_python(self, value: Any) -> str:
        """The cleaned text."""
        return super().to_python(clean(value) if isinstance(value, str) else value) or ""


class ComplaintForm(forms.Form):
    """What went wrong, what would put it right, and who is asking. Files are checked apart, from their bytes."""

    text = CleanField(
        label=_("What happened?"),
        help_text=_("In your own words. Say also when and where it was, if you know."),
        max_length=TEXT_LIMIT,
        widget=forms.Textarea(attrs={"rows": 8, "data-draft": ""}),
        error_messages={"required": _("Please tell us what happened, even if it is only a sentence.")},
    )
    wish = CleanField(
        label=_("What would you like us to do?"),
        help_text=_("If you do not know yet, leave it empty."),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "data-draft": "", "class": "short"}),
    )
    product = CleanField(
        label=_("Product or service"),
        max_length=300,
        required=False,
        widget=forms.TextInput(attrs={"list": "products", "data-draft": ""}),
    )
    order = CleanField(
        label=_("Order or contract number"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"data-draft": ""}),
    )
    happened_on = forms.DateField(
        label=_("When did it happen?"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        input_formats=["%Y-%m-%d", "%d.%m.%Y", "%d/%m/%Y"],
        error_messages={"invalid": _("Please give the day as 31.12.2025 or 31/12/2025, or leave it empty.")},
    )
    shop = forms.ChoiceField(label=_("Is it about one of our shops?"), required=False)
    name = CleanField(
        label=_("Your name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name", "data-draft": ""}),
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        help_text=_("This is where the answer goes."),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email", "data-draft": ""}),
        error_messages={"invalid": _("This does not look like an e-mail address. Please check it once more.")},
    )
    phone = CleanField(
        label=_("Phone"),
        help_text=_("If you would rather be called."),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel", "data-draft": ""}),
    )
    for_somebody = CleanField(
        label=_("Are you writing for somebody else? Their name:"),
        help_text=_("Leave it empty when it is about yourself."),
        max_length=200,
        required=False,
    )
    fax_extension = CleanField(
        label=_("Please leave this field empty"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )
    stamp = forms.CharField(max_length=200, required=False, widget=forms.HiddenInput(attrs={"data-draft-stamp": ""}))

    def __init__(self, *args: Any, unit: Unit | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        shops = [] if unit is not None else list(Unit.objects.filter(kind=UnitKind.SHOP).order_by("name")[:200])
        if shops:
            choices = [("", _("No, or I do not know")), *((shop.key, shop.name) for shop in shops)]
            self.fields["shop"].choices = choices  # type: ignore[attr-defined]  # it is a ChoiceField
        else:
            del self.fields["shop"]

    def clean_happened_on(self) -> date | None:
        """A day that has come."""
        day: date | None = self.cleaned_data.get("happened_on")
        today = (clock.now() + timedelta(hours=14)).date()
        if day is not None and (day > today or day.year < 1950):
            raise forms.ValidationError(_("This day cannot be right. Please check it, or leave it empty."))
        return day

    def clean_fax_extension(self) -> str:
        """Only machines fill in what nobody sees; a person whose browser did it can mend it."""
        if self.cleaned_data.get("fax_extension"):
            raise forms.ValidationError(_("This field is a trap for machines. Please empty it and send again."))
        return ""

    def clean(self) -> dict[str, Any]:
        """There is a way to answer."""
        values = super().clean() or {}
        if not self.errors.get("email") and not values.get("email") and not values.get("phone"):
            self.add_error("email", _("Please give an e-mail address or a phone number, so that I can answer you."))
        return values

    def extra(self) -> dict[str, Any]:
        """What is kept beside the text: order number and day."""
        day: date | None = self.cleaned_data.get("happened_on")
        values = {"order": self.cleaned_data.get("order", ""), "happened_on": day.isoformat() if day else ""}
        return {name: value for name, value in values.items() if value}
