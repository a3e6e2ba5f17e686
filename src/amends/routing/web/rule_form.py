"""The form of one routing rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.routing.ruleset import Rule
from amends.routing.wording import names

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LISTS: dict[str, str | _StrPromise] = {
    "categories": gettext_lazy("Category"),
    "languages": gettext_lazy("Language"),
    "channels": gettext_lazy("Channel"),
    "lines": gettext_lazy("Product line"),
    "products": gettext_lazy("Product"),
    "units": gettext_lazy("Unit, and all below"),
    "packs": gettext_lazy("Rule pack of the unit"),
}
FLAGS: dict[str, str | _StrPromise] = {
    "safety": gettext_lazy("Somebody may be hurt"),
    "vulnerable": gettext_lazy("Vulnerable customer"),
    "legal_or_media": gettext_lazy("Lawyers, regulators or the press"),
}


class RuleForm(forms.Form):
    """What a rule asks and where it sends a case; empty fields ask nothing."""

    severity_from = forms.TypedChoiceField(
        label=gettext_lazy("Severity from"), coerce=int, empty_value=None, required=False,
        choices=[("", "–"), *((one, str(one)) for one in range(1, 5))],
    )  # fmt: skip
    words = forms.CharField(
        label=gettext_lazy("The customer says one of"), required=False, max_length=2000,
        help_text=gettext_lazy("Words or phrases, with commas between them."),
    )  # fmt: skip
    value_from = forms.DecimalField(
        label=gettext_lazy("Worth at least"), required=False, min_value=0, max_digits=12, decimal_places=2
    )
    to = forms.ChoiceField(label=gettext_lazy("goes to"))
    skill = forms.SlugField(
        label=gettext_lazy("by somebody who knows"), required=False, max_length=40,
        help_text=gettext_lazy("A skill in one word, such as payments; empty for anybody."),
    )  # fmt: skip

    def __init__(self, data: Any = None, *, rule: Rule | None = None) -> None:
        """The form for a rule, or for a new one."""
        super().__init__(data, initial=_initial(rule) if rule else None)
        known = names()
        for name, label in LISTS.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=label, required=False, choices=list(known[name].items()), widget=forms.SelectMultiple({"size": 4})
            )
        for name, label in FLAGS.items():
            self.fields[name] = forms.ChoiceField(
                label=label, required=False, choices=[("", "–"), ("yes", _("yes")), ("no", _("no"))]
            )
        self.fields["to"].choices = [  # type: ignore[attr-defined]  # a choice field
            ("nearest", _("the nearest team that speaks the language")),
            *((f"tier:{one}", _("the nearest team of tier %(tier)s") % {"tier": one}) for one in range(2, 6)),
            *((f"team:{key}", name) for key, name in known["teams"].items()),
        ]
        self.order_fields([*LISTS, "severity_from", "words", "value_from", *FLAGS, "to", "skill"])

    def document(self) -> dict[str, Any]:
        """The rule as a document of rules has it."""
        given = self.cleaned_data
        when: dict[str, Any] = {name: given[name] for name in LISTS if given[name]}
        when |= {name: given[name] == "yes" for name in FLAGS if given[name]}
        words = [one.strip() for one in given["words"].split(",") if one.strip()]
        if words:
            when["words"] = words
        if given["severity_from"]:
            when["severity_from"] = given["severity_from"]
        if given["value_from"] is not None:
            when["value_from"] = str(given["value_from"])
        way, _colon, key = given["to"].partition(":")
        to: dict[str, Any] = {"nearest": True} if way == "nearest" else {way: int(key) if way == "tier" else key}
        return {"when": when, "to": to, "skill": given["skill"].lower()}


def _initial(rule: Rule) -> dict[str, Any]:
    when = rule.when
    to = f"team:{rule.to.team}" if rule.to.team else f"tier:{rule.to.tier}" if rule.to.tier else "nearest"
    flags = {name: {None: "", True: "yes", False: "no"}[getattr(when, name)] for name in FLAGS}
    return {
        **{name: list(getattr(when, name)) for name in LISTS},
        **flags,
        "severity_from": when.severity_from or "",
        "words": ", ".join(when.words),
        "value_from": when.value_from,
        "to": to,
        "skill": rule.skill,
    }
