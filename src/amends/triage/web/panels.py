"""The panel beside a case that says what is thought about it and why, and lets it be corrected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise as LazyText
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Permission
from amends.cases.public import Complaint
from amends.core.panels import Panel, panels
from amends.triage.selectors import because, corrections_of, stored_assessment

PANEL = "assessment"

FLAGS: tuple[tuple[str, LazyText], ...] = (
    ("safety", _("Danger to somebody")),
    ("vulnerable", _("Vulnerable customer")),
    ("legal_or_media", _("Law or media")),
)
LABEL_WORDS: Mapping[str, LazyText] = {
    "complaint": _("Complaint"),
    "concern": _("Everyday concern"),
    "other": _("Something else"),
}
ASPECT_WORDS: Mapping[str, LazyText] = {
    "delivery": _("Delivery"),
    "goods_quality": _("Quality of goods"),
    "service": _("Service"),
    "campaign_terms": _("Offers and terms"),
    "price": _("Price"),
    "billing": _("Billing and refunds"),
    "waiting_time": _("Waiting time"),
    "communication": _("Communication"),
    "privacy_data": _("Personal data"),
    "staff_manner": _("Manner of staff"),
    "safety": _("Safety"),
    "other": _("Other"),
}
SEVERITY_WORDS: Mapping[int, LazyText] = {
    1: _("1 · annoyance"),
    2: _("2 · ordinary failure"),
    3: _("3 · serious"),
    4: _("4 · danger or great loss"),
}
_GLAD = 0.25


@dataclass(frozen=True, slots=True)
class Line:
    """One field as the panel shows it: its value in words, why, and who corrected it ("" when nobody did)."""

    name: str | LazyText
    words: str | LazyText
    why: str
    corrected_by: str


def panel_context(actor: Actor, complaint: Complaint) -> Mapping[str, Any]:
    """Return what the template needs (2 queries)."""
    stored = stored_assessment(complaint)
    reasons = because(stored)
    corrected = {one.field: one.by_name for one in corrections_of(complaint)}
    shown: list[tuple[str, str | LazyText, str | LazyText]] = [
        ("label", _("It is a"), LABEL_WORDS.get(complaint.label, complaint.label)),
        ("category", _("About"), ASPECT_WORDS.get(complaint.category, complaint.category or "–")),
        ("severity", _("Severity"), SEVERITY_WORDS.get(complaint.severity, str(complaint.severity))),
        ("language", _("Language"), complaint.language or "–"),
        ("sentiment", _("Mood"), mood_words(complaint.sentiment)),
    ]
    shown += [(field, words, _("Yes")) for field, words in FLAGS if getattr(complaint, field)]
    return {
        "assessed": complaint.assessed_at is not None,
        "lines": [Line(name, words, reasons.get(field, ""), corrected.get(field, "")) for field, name, words in shown],
        "wish": complaint.desired_outcome,
        "correct_url": _correct_url(complaint) if actor.can(Permission.CASE_WORK) else "",
        "labels": LABEL_WORDS.items(),
        "aspects": ASPECT_WORDS.items(),
        "severities": SEVERITY_WORDS.items(),
        "flags": [(field, words, getattr(complaint, field)) for field, words in FLAGS],
    }


def _correct_url(complaint: Complaint) -> str:
    """Return the address of the form, or "" in an installation that does not mount this domain's pages."""
    try:
        return reverse("correct_assessment", kwargs={"reference": complaint.reference})
    except NoReverseMatch:
        return ""


def mood_words(sentiment: float | None) -> str | LazyText:
    """Return the mood in a word."""
    if sentiment is None:
        return "–"
    if sentiment <= -_GLAD:
        return _("Unhappy") if sentiment > -3 * _GLAD else _("Bitter")
    return _("Content") if sentiment >= _GLAD else _("Calm")


panels.register(
    Panel(
        key=PANEL,
        title=_("Assessment"),
        template="triage/panel_assessment.html",
        context=panel_context,
        permission=Permission.CASE_VIEW,
        order=30,
    )
)
