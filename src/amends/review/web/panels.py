"""The panel of the review beside a case: root cause and corrective actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Membership, Permission, Role
from amends.cases.public import DONE_PHASES, Complaint
from amends.core.panels import Panel, panels
from amends.review.causes import cause_groups, cause_label, causes
from amends.review.models import Responsibility
from amends.review.selectors import actions_of, is_late, root_cause_of

REVIEWERS = (Role.SPECIALIST, Role.LEAD, Role.DIRECTOR, Role.ADMINISTRATOR)


def page_language() -> str:
    """The language of the page being drawn."""
    return (get_language() or "en")[:2]


def cause_choices() -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The tree for a select: branch, and in it `(key, label, symptoms)`."""
    language = page_language()
    return [
        (
            group.label.in_language(language),
            [(one.key, one.label.in_language(language), one.symptoms.in_language(language)) for one in group.causes],
        )
        for group in cause_groups()
    ]


def possible_owners(complaint: Complaint | None) -> list[tuple[int, str]]:
    """Who can own a corrective action of this case: reviewers at its unit or above (1 query)."""
    rows = Membership.objects.filter(role__in=REVIEWERS, user__is_active=True)
    if complaint is not None:
        above = [int(part) for part in complaint.unit.path.strip("/").split("/") if part]
        rows = rows.filter(unit_id__in=above)
    people = set(rows.values_list("user_id", "user__name"))
    return sorted(people, key=lambda person: (person[1], person[0]))


def review_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """The finding, what is changed because of it, and what the forms offer (3 queries)."""
    finding = root_cause_of(complaint)
    language = page_language()
    may_work = actor.can(Permission.REVIEW_WORK)
    group = causes().get(finding.cause) if finding else None
    return {
        "finding": finding,
        "cause": cause_label(finding.cause, language) if finding else "",
        "group": group[0].label.in_language(language) if group else "",
        "actions": [(one, is_late(one)) for one in actions_of(complaint)],
        "warn": finding is None and complaint.phase in DONE_PHASES,
        "may_work": may_work,
        "causes": cause_choices() if may_work else [],
        "responsibilities": Responsibility.choices,
        "owners": possible_owners(complaint) if may_work else [],
        "whys": [*(finding.whys if finding else []), *[""] * 5][:5],
    }


panels.register(
    Panel(
        key="root-cause",
        title=_("Root cause"),
        template="review/panel_root_cause.html",
        context=review_context,
        permission=Permission.REVIEW_VIEW,
        order=80,
    )
)
