"""The forms of the desk: what a person can take on, and how a team works."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from amends.accounts.public import Actor, Team, User
from amends.core.errors import AmendsError
from amends.routing.desk import set_desk, set_worker
from amends.routing.models import Assigns, TeamDesk, Worker
from amends.routing.sentences import languages as language_names
from amends.routing.web.week_form import WeekForm
from amends.routing.wording import names


def words_of(written: str) -> list[str]:
    """The words between commas."""
    return [one.strip() for one in written.split(",") if one.strip()]


class PersonForm(WeekForm):
    """What somebody can take on; an empty list asks nothing of them."""

    above = gettext_lazy("the team's")
    capacity = forms.IntegerField(
        label=gettext_lazy("Capacity"), min_value=0, max_value=1000,
        help_text=gettext_lazy("The severities of their open cases added up; 0 for no cases."),
    )  # fmt: skip
    severity_up_to = forms.TypedChoiceField(
        label=gettext_lazy("Severity up to"), coerce=int, choices=[(one, str(one)) for one in range(1, 5)]
    )
    skills = forms.CharField(
        label=gettext_lazy("Skills"), required=False, max_length=2000,
        help_text=gettext_lazy("Words that rules ask for, such as payments, with commas between them."),
    )  # fmt: skip
    other_languages = forms.CharField(
        label=gettext_lazy("Further languages"), required=False, max_length=100,
        help_text=gettext_lazy("Two letters each, with commas between them."),
    )  # fmt: skip
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=2000, required=False)

    def __init__(self, data: Any = None, *, user: User, worker: Worker) -> None:
        """The form for somebody as they are now."""
        self.known_languages = language_names()
        known = names()
        initial = {
            "capacity": worker.capacity,
            "severity_up_to": worker.severity_up_to,
            "skills": ", ".join(worker.skills),
            "languages": user.languages,
            "other_languages": ", ".join(one for one in user.languages if one not in self.known_languages),
            "product_lines": worker.product_lines,
            "regimes": worker.regimes,
        }
        super().__init__(
            data,
            hours=worker.hours,
            timezone=worker.timezone,
            initial=initial,
            state=sorted(initial.items()),
            prefix=f"person-{user.pk}",
        )
        lists = {
            "languages": (_("Languages"), self.known_languages),
            "product_lines": (_("Product lines"), {one: one for one in worker.product_lines} | known["lines"]),
            "regimes": (
                _("Regimes"),
                {
                    key: name
                    for key, name in ({one: one for one in worker.regimes} | known["packs"]).items()
                    if key != "house"
                },
            ),
        }
        for name, (label, choices) in lists.items():
            self.fields[name] = forms.MultipleChoiceField(
                label=label, required=False, choices=list(choices.items()), widget=forms.CheckboxSelectMultiple
            )

    def lists(self) -> list[forms.BoundField]:
        """The fields in which several things are ticked, those with something to tick."""
        return [self[name] for name in ("languages", "product_lines", "regimes") if self.fields[name].choices]  # type: ignore[attr-defined]  # choice fields

    def save(self, *, actor: Actor, user_id: int) -> bool:
        """Do it, or say what is wrong in the form; whether it is done."""
        given = self.cleaned_data
        values = {
            name: given[name]
            for name in ("product_lines", "regimes", "severity_up_to", "capacity", "timezone", "hours")
        }
        try:
            set_worker(
                actor=actor, user_id=user_id, reason=given["reason"], skills=words_of(given["skills"].lower()),
                languages=[*given["languages"], *words_of(given["other_languages"])], **values,
            )  # fmt: skip
        except AmendsError as refused:
            add_refusal(self, refused, {"languages": "other_languages"})
            return False
        return True


class TeamForm(WeekForm):
    """How a team's cases find their owner, and its hours."""

    above = gettext_lazy("the unit's")
    assigns = forms.ChoiceField(label=gettext_lazy("Cases go"), choices=Assigns.choices)
    reason = forms.CharField(label=gettext_lazy("Why"), max_length=2000, required=False)

    def __init__(self, data: Any = None, *, desk: TeamDesk) -> None:
        """The form for a team as it works now."""
        super().__init__(
            data,
            hours=desk.hours,
            timezone=desk.timezone,
            initial={"assigns": desk.assigns},
            state=[desk.assigns],
            prefix="team",
        )

    def save(self, *, actor: Actor, team: Team) -> bool:
        """Do it, or say what is wrong in the form; whether it is done."""
        given = {name: self.cleaned_data[name] for name in ("assigns", "hours", "timezone", "reason")}
        try:
            set_desk(actor=actor, team_id=team.pk, **given)
        except AmendsError as refused:
            add_refusal(self, refused)
            return False
        return True


def add_refusal(form: forms.Form, refused: AmendsError, other: dict[str, str] | None = None) -> None:
    """Say in the form why a verb refused, beside its field where there is one."""
    name = (other or {}).get(refused.field or "", refused.field or "")
    form.add_error(name if name in form.fields else None, refused.message)
