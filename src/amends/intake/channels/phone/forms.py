"""The fields of the call screen."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.intake.channels.web.forms import CleanField

KEPT = {"data-draft": ""}


def _line(label: object, *, limit: int = 200, **attrs: str) -> CleanField:
    widget = forms.TextInput(attrs={**KEPT, "autocomplete": "off", **attrs})
    return CleanField(label=label, max_length=limit, required=False, widget=widget)  # type: ignore[arg-type]  # lazy text


class CallNoteForm(forms.Form):
    """What is noted in a call, in the order of the conversation: listen, empathise, confirm, agree."""

    text = CleanField(
        label=_("What does the caller say?"),
        help_text=_("Let them finish. Their own words are best."),
        max_length=50_000,
        widget=forms.Textarea(attrs={**KEPT, "rows": 6}),
        error_messages={"required": _("Note in a sentence what the caller said.")},
    )
    points = CleanField(
        label=_("What went wrong, point by point"),
        help_text=_("One on each line. Read them back before you tick the box."),
        max_length=12_000,
        required=False,
        widget=forms.Textarea(attrs={**KEPT, "rows": 4}),
    )
    confirmed = forms.BooleanField(
        label=_("I read the points back, and the caller said they are right"), required=False
    )
    wish = CleanField(
        label=_("What would put it right for them?"),
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={**KEPT, "rows": 2}),
    )
    steps = CleanField(
        label=_("What happens next, as agreed"),
        help_text=_("One on each line, with who and by when. This goes to the customer in writing."),
        max_length=12_000,
        required=False,
        widget=forms.Textarea(attrs={**KEPT, "rows": 4}),
    )
    call_back = _line(_("Best time to call back"))
    internal = CleanField(
        label=_("For colleagues only"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={**KEPT, "rows": 2}),
    )
    name = _line(_("Name"))
    phone = _line(_("Phone"), limit=60, type="tel")
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={**KEPT, "autocomplete": "off"}),
    )
    product = _line(_("Product or service"), limit=300)
    order = _line(_("Order or contract number"), limit=100)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    language = forms.ChoiceField(label=_("Language"), choices=[("en", "English"), ("de", "Deutsch")], required=False)
    reference = CleanField(required=False, max_length=20, widget=forms.HiddenInput)
    once = CleanField(required=True, max_length=64, widget=forms.HiddenInput)

    def __init__(self, *args: object, units: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.fields["unit"].choices = units  # type: ignore[attr-defined]  # it is a ChoiceField
