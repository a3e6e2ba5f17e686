"""The form of a proposal: a summary, rows of remedies, rows of steps, conditions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils.translation import gettext_lazy as _

from amends.handling.models import Party
from amends.handling.remedies import remedy_kinds
from amends.handling.selectors.proposals import WholeProposal
from amends.handling.values import OPTIONS_LIMIT, ROWS_LIMIT, NewRemedy, NewStep
from amends.handling.wording import page_language


class ProposalForm(forms.Form):
    """What the customer reads first, and the conditions."""

    summary = forms.CharField(
        label=_("What you offer, in a sentence or two"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The customer reads this first. Say “I”, name the thing, and promise only what you can keep."),
    )
    conditions = forms.CharField(
        label=_("Conditions"),
        max_length=20_000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("What must hold, said before they accept."),
    )


def _kinds() -> list[tuple[str, str]]:
    language = page_language()
    return [("", "–"), *((kind.key, kind.label.in_language(language)) for kind in remedy_kinds().values())]


def _options() -> list[tuple[int, str]]:
    return [(0, str(_("in any case"))), *((number, str(number)) for number in range(1, OPTIONS_LIMIT + 1))]


class RemedyForm(forms.Form):
    """One remedy; a row without a kind is left out."""

    kind = forms.ChoiceField(label=_("Remedy"), choices=_kinds, required=False)
    amount = forms.DecimalField(label=_("Amount"), required=False, min_value=0, max_digits=12, decimal_places=2)
    currency = forms.RegexField(
        r"^[A-Za-z]{3}$",
        label=_("Currency"),
        required=False,
        error_messages={"invalid": _("Three letters, such as GBP or EUR.")},
    )
    text = forms.CharField(label=_("Details"), required=False, max_length=2000)
    option = forms.TypedChoiceField(label=_("Option"), choices=_options, coerce=int, required=False, empty_value=0)  # type: ignore[arg-type]  # the stubs know only texts here


class StepForm(forms.Form):
    """One step; a row that does not say what is left out."""

    what = forms.CharField(label=_("What"), required=False, max_length=500)
    party = forms.ChoiceField(label=_("Who acts"), choices=Party.choices, required=False)
    who = forms.CharField(label=_("Name"), required=False, max_length=200)
    due_earliest = forms.DateField(
        label=_("Not before"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    due_latest = forms.DateField(
        label=_("At the latest"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    option = forms.TypedChoiceField(label=_("Option"), choices=_options, coerce=int, required=False, empty_value=0)  # type: ignore[arg-type]  # the stubs know only texts here


RemedyRows = formset_factory(RemedyForm, extra=0, max_num=ROWS_LIMIT, absolute_max=ROWS_LIMIT)
StepRows = formset_factory(StepForm, extra=0, max_num=ROWS_LIMIT, absolute_max=ROWS_LIMIT)


class ProposalForms:
    """The three forms of the page together."""

    def __init__(
        self, data: Any = None, *, draft: WholeProposal | None = None, currency: str = "", more: int = 0
    ) -> None:
        self.head = ProposalForm(data, initial=_head(draft))
        remedies, steps = _rows(draft, currency)
        self.remedies: BaseFormSet[RemedyForm] = RemedyRows(
            _grown(data, "remedies", more), initial=remedies, prefix="remedies"
        )
        self.steps: BaseFormSet[StepForm] = StepRows(_grown(data, "steps", more), initial=steps, prefix="steps")

    def is_valid(self) -> bool:
        """Whether every row can be read; the rules are the service's."""
        return all([self.head.is_valid(), self.remedies.is_valid(), self.steps.is_valid()])

    def values(self) -> dict[str, Any]:
        """What `draft_proposal` takes."""
        return {
            "summary": self.head.cleaned_data["summary"],
            "conditions": self.head.cleaned_data["conditions"],
            "remedies": [NewRemedy(**row) for row in self.remedies.cleaned_data if row.get("kind")],
            "steps": [NewStep(**row) for row in self.steps.cleaned_data if row.get("what")],
        }


def _grown(data: Any, prefix: str, more: int) -> Any:
    """The data with `more` further empty rows."""
    if data is None or not more:
        return data
    grown = data.copy()
    count = grown.get(f"{prefix}-TOTAL_FORMS", "0")
    if count.isdecimal() and len(count) < 4:
        grown[f"{prefix}-TOTAL_FORMS"] = str(min(int(count) + more, ROWS_LIMIT))
    return grown


def _head(draft: WholeProposal | None) -> dict[str, str]:
    return {} if draft is None else {"summary": draft.proposal.summary, "conditions": draft.proposal.conditions}


def _rows(draft: WholeProposal | None, currency: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows of a draft and some empty ones."""
    remedy_fields, step_fields = RemedyForm.base_fields, StepForm.base_fields
    remedies = [{name: getattr(one, name) for name in remedy_fields} for one in draft.remedies] if draft else []
    steps = [{name: getattr(one, name) for name in step_fields} for one in draft.steps] if draft else []
    empty_remedy, empty_step = {"currency": currency}, {"party": Party.US}
    remedies += [empty_remedy] * max(1, 3 - len(remedies))
    steps += [empty_step] * max(1, 3 - len(steps))
    return remedies[:ROWS_LIMIT], steps[:ROWS_LIMIT]
