"""Names of what rules speak of, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext as _

from amends.accounts.public import Team, Unit
from amends.cases.public import Product
from amends.intake.public import channel_name
from amends.routing.ruleset import RuleSet
from amends.routing.sentences import languages, last_sentence, sentence

CHANNELS = ("api", "chat", "email", "form", "phone", "portal", "review", "survey", "web", "import")


def categories() -> dict[str, str]:
    """The categories of triage, for people."""
    return {
        "delivery": _("delivery"),
        "goods_quality": _("quality of goods"),
        "service": _("service"),
        "campaign_terms": _("terms of an offer"),
        "price": _("price"),
        "billing": _("billing"),
        "waiting_time": _("waiting time"),
        "communication": _("communication"),
        "privacy_data": _("privacy and data"),
        "staff_manner": _("manner of staff"),
        "safety": _("safety"),
        "other": _("something else"),
    }


def names() -> dict[str, dict[str, str]]:
    """All names by field and key (3 queries)."""
    products = list(Product.objects.values_list("key", "name", "line"))
    units = list(Unit.objects.order_by("path").values_list("key", "name", "rule_packs"))
    return {
        "teams": dict(Team.objects.order_by("tier", "name").values_list("key", "name")),
        "units": {key: name for key, name, _packs in units},
        "packs": {pack: pack for _key, _name, packs in units for pack in packs} | {"house": "house"},
        "products": {key: name for key, name, _line in products},
        "lines": {line: line for _key, _name, line in products if line},
        "categories": categories(),
        "languages": languages(),
        "channels": {one: channel_name(one) for one in CHANNELS if channel_name(one) != one},
    }


def sentences(rules: RuleSet, known: dict[str, dict[str, str]] | None = None) -> list[str]:
    """Every rule as a sentence, the last for everything else."""
    known = known or names()
    return [*(sentence(one, known) for one in rules.rules), last_sentence(alone=not rules.rules)]
