"""Words for people: labels of what is stored as keys, in the language of the page."""

from __future__ import annotations

from decimal import Decimal

from django.utils.formats import date_format
from django.utils.functional import Promise as LazyText
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from amends.handling.models import Promise, Remedy, Step
from amends.handling.remedies import remedy_kinds
from amends.handling.services.writing import written_amount

ASPECTS: dict[str, str | LazyText] = {
    "delivery": _("Delivery"),
    "goods_quality": _("Goods"),
    "service": _("Service"),
    "campaign_terms": _("Offer"),
    "price": _("Price"),
    "billing": _("Billing"),
    "waiting_time": _("Waiting"),
    "communication": _("Communication"),
    "privacy_data": _("Personal data"),
    "staff_manner": _("Manner"),
    "safety": _("Safety"),
    "other": _("Other"),
}
STAGES: dict[str, str | LazyText] = {
    "open": _("In their words"),
    "context": _("Context"),
    "changes": _("Changes"),
    "environment": _("Environment"),
    "replication": _("Replication"),
    "wish": _("What they want"),
}


_FORMATS = {False: "D j M Y", True: "D, j. M Y"}


def page_language() -> str:
    """The language of the page being drawn."""
    return (get_language() or "en")[:2]


def remedy_label(kind: str) -> str:
    """The name of a kind of remedy; the key itself when the kind is no longer used."""
    found = remedy_kinds().get(kind)
    return found.label.in_language(page_language()) if found else kind


def remedy_amount(remedy: Remedy) -> str:
    """How much, in words; empty when there is no amount."""
    found = remedy_kinds().get(remedy.kind)
    if remedy.amount is None or found is None:
        return ""
    return written_amount(remedy.amount, found.measure, remedy.currency, page_language())


def money(amount: Decimal | str, currency: str) -> str:
    """An amount of money in words."""
    return written_amount(Decimal(amount), "money", currency, page_language())


def days(item: Step | Promise) -> str:
    """The days of a step or promise, short: `by Fri 6 Mar`, `Wed 4 Mar – Fri 6 Mar`."""
    last = date_format(item.due_latest, _FORMATS[page_language() == "de"])
    if item.due_earliest is None:
        return str(_("by %(day)s")) % {"day": last}
    if item.due_earliest == item.due_latest:
        return last
    return f"{date_format(item.due_earliest, _FORMATS[page_language() == 'de'])} – {last}"
