"""Each rule as a sentence that an administrator reads, in the language of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from amends.routing.ruleset import Rule, To, When

Names = Mapping[str, Mapping[str, str]]
"""Names by the word of the field (`teams`, `units`, `products`, `channels`, …) and key; a key without one stands for itself."""


def sentence(rule: Rule, names: Names) -> str:
    """The rule in one sentence: "Complaints about billing in German go to Kundendienst."."""
    said = _about(rule.when, names)
    target = destination(rule.to, names)
    if rule.skill:
        skill = names.get("skills", {}).get(rule.skill, rule.skill)
        return _("Complaints %(which)s go to %(where)s, by somebody who knows %(skill)s.") % {
            "which": said,
            "where": target,
            "skill": skill,
        }
    return _("Complaints %(which)s go to %(where)s.") % {"which": said, "where": target}


def last_sentence(*, alone: bool = False) -> str:
    """What happens to a case for which no rule holds; `alone` when there is no rule at all."""
    if alone:
        return _("Every complaint goes to the nearest team that speaks the language.")
    return _("Everything else goes to the nearest team that speaks the language.")


def destination(to: To, names: Names) -> str:
    """Where it sends a case, in words that follow "go to"."""
    if to.team:
        return names.get("teams", {}).get(to.team, to.team)
    if to.tier and to.tier > 1:
        return _("the nearest team of tier %(tier)s that speaks the language") % {"tier": to.tier}
    return _("the nearest team that speaks the language")


def _about(when: When, names: Names) -> str:
    lists: tuple[tuple[str, Sequence[str], Callable[[str], str]], ...] = (
        ("categories", when.categories, lambda one: _("about %(what)s") % {"what": one}),
        ("products", when.products, lambda one: _("about the product %(what)s") % {"what": one}),
        ("lines", when.lines, lambda one: _("about the product line %(what)s") % {"what": one}),
        ("languages", when.languages, lambda one: _("in %(language)s") % {"language": one}),
        ("channels", when.channels, lambda one: _("by %(channel)s") % {"channel": one}),
        ("units", when.units, lambda one: _("of %(unit)s and below") % {"unit": one}),
        ("packs", when.packs, lambda one: _("under %(pack)s") % {"pack": one}),
        ("words", when.words, lambda one: _("that say %(words)s") % {"words": one}),
    )
    parts = [
        phrase(_either([names.get(field, {}).get(key, f"“{key}”" if field == "words" else key) for key in keys]))
        for field, keys, phrase in lists
        if keys
    ]
    if when.severity_from is not None:
        parts.append(_("of severity %(severity)s or more") % {"severity": when.severity_from})
    if when.value_from is not None:
        parts.append(_("worth %(value)s or more") % {"value": when.value_from})
    flags = (
        (when.safety, _("where somebody may be hurt"), _("where nobody is in danger")),
        (when.vulnerable, _("from vulnerable customers"), _("from customers who are not vulnerable")),
        (
            when.legal_or_media,
            _("with lawyers, regulators or the press"),
            _("without lawyers, regulators or the press"),
        ),
    )
    parts += [yes if asked else no for asked, yes, no in flags if asked is not None]
    return " ".join(parts)


def _either(words: Sequence[str]) -> str:
    if len(words) == 1:
        return words[0]
    return pgettext("one of several", "%(first)s or %(last)s") % {"first": ", ".join(words[:-1]), "last": words[-1]}


def languages() -> dict[str, str]:
    """The names of the languages that pages and people here speak."""
    return {
        "en": _("English"),
        "de": _("German"),
        "fr": _("French"),
        "es": _("Spanish"),
        "it": _("Italian"),
        "nl": _("Dutch"),
        "pl": _("Polish"),
        "pt": _("Portuguese"),
        "tr": _("Turkish"),
    }
