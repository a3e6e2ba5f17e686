"""The fields of the survey's pages."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.intake.channels.survey.answering import WORDS_LIMIT
from amends.intake.channels.survey.models import SurveyKind
from amends.intake.channels.web.forms import CleanField


class StoryForm(forms.Form):
    """What would have made it better, and how to reach whoever says it."""

    words = CleanField(
        label=_("What would have made it better?"),
        max_length=WORDS_LIMIT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 5, "data-draft": ""}),
    )
    name = CleanField(
        label=_("Your name"), max_length=200, required=False, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your e-mail address"),
        max_length=254,
        required=False,
        widget=forms.EmailInput(attrs={"autocomplete": "email", "inputmode": "email"}),
        error_messages={"invalid": _("This does not look like an e-mail address. Please check it once more.")},
    )
    phone = CleanField(
        label=_("Phone"),
        max_length=60,
        required=False,
        widget=forms.TextInput(attrs={"type": "tel", "autocomplete": "tel"}),
    )


class SurveyForm(forms.Form):
    """A new survey."""

    name = CleanField(label=_("Name"), help_text=_("For you and your colleagues."), max_length=200)
    unit = forms.ChoiceField(label=_("Unit"))
    kind = forms.ChoiceField(label=_("What is asked"), choices=SurveyKind.choices)
    question = CleanField(
        label=_("Question in your own words"),
        help_text=_("Leave it empty for the usual question, which is there in every language."),
        max_length=300,
        required=False,
    )
    product = CleanField(label=_("Product or service"), max_length=300, required=False)
    origins = CleanField(
        label=_("Sites that may show it"),
        help_text=_("One on each line, such as https://www.example.org. Needed only to put it on a website."),
        required=False,
        max_length=5000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: object, units: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # passed on as they came
        self.fields["unit"].choices = units  # type: ignore[attr-defined]  # it is a ChoiceField


class RecipientsForm(forms.Form):
    """A list of people to ask, as a file or pasted."""

    file = forms.FileField(label=_("CSV file"), required=False)
    text = forms.CharField(
        label=_("Or paste the list"),
        help_text=_("The first line names the columns: email, name, language, order …"),
        required=False,
        max_length=2_000_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
