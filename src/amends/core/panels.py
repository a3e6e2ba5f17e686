"""Panels beside a case: each domain registers its own, the workspace draws them without knowing the domain."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise as LazyText

from amends.core.registry import Registry

PanelContext = Callable[[Any, Any], Mapping[str, Any]]
"""`(actor, complaint) -> template context`; must use a constant number of queries."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel of the case page.

    Attributes:
        key: part of its URL, `/cases/<ref>/panels/<key>/`.
        title: a word or two, translatable.
        template: a template of the owning domain.
        context: what the template needs.
        permission: the permission to see it.
        order: lower is higher up.
    """

    key: str
    title: str | LazyText
    template: str
    context: PanelContext
    permission: str
    order: int = 100


panels: Registry[Panel] = Registry("panels")
