"""The desk in words: what is missing, and what was changed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from amends.accounts.public import hours_words
from amends.routing import fitting
from amends.routing.models import Assigns, DeskChange


def missing_words(missing: Iterable[str]) -> str:
    """What is missing, in a list for people."""
    words = {
        fitting.ABOUT: _("it is about them"),
        fitting.SEVERITY: _("its severity"),
        fitting.SKILL: _("its skill"),
        fitting.LANGUAGE: _("its language"),
        fitting.LINE: _("its product line"),
        fitting.REGIME: _("its regime"),
        fitting.ROOM: _("their capacity"),
        fitting.TOGETHER: _("nobody has all that it asks for"),
    }
    return ", ".join(words[one] for one in missing)


@dataclass(frozen=True, slots=True)
class Change:
    """A change as the page shows it."""

    row: DeskChange
    about: str
    parts: tuple[str, ...]


def change_lines(rows: Iterable[DeskChange]) -> list[Change]:
    """Each change with its fields before and after."""
    return [
        Change(row, (row.user or row.team or row.unit).name, tuple(_part(one) for one in row.changes))  # type: ignore[union-attr]  # one of them is there, by constraint
        for row in rows
    ]


def _part(one: dict[str, Any]) -> str:
    field = str(one["field"])
    said = {
        "name": field_words().get(field, field),
        "before": _value(field, one["before"]),
        "after": _value(field, one["after"]),
    }
    return _("%(name)s: %(before)s → %(after)s") % said


def field_words() -> dict[str, str]:
    """Each field for people."""
    return {
        "languages": _("Languages"),
        "product_lines": _("Product lines"),
        "regimes": _("Regimes"),
        "skills": _("Skills"),
        "severity_up_to": _("Severity up to"),
        "capacity": _("Capacity"),
        "hours": _("Hours"),
        "timezone": _("Time zone"),
        "assigns": _("Cases go"),
        "path": _("The way up"),
    }


def _value(field: str, value: Any) -> str:
    if field == "hours" and isinstance(value, dict):
        return hours_words(value) or "–"
    if field == "assigns" and value in Assigns.values:
        return str(Assigns(value).label)
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or "–"
    return "–" if value in ("", None) else str(value)
