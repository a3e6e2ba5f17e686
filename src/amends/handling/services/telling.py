"""Telling colleagues, each in the language of their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils import translation

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.notifications.public import notify


def case_url(complaint: Complaint) -> str:
    """The case's page."""
    return f"/cases/{complaint.reference}/"


def tell(users: Iterable[int], *, complaint: Complaint, kind: str, title: Callable[[], str], key: str) -> int:
    """Tell these people once by `key`; `title` is called in the language of each group. How many are told now."""
    groups: dict[str, list[int]] = {}
    for user_id, language in User.objects.filter(pk__in=set(users)).values_list("pk", "language"):
        groups.setdefault(language, []).append(user_id)
    told = 0
    for language, ids in sorted(groups.items()):
        with translation.override(language):
            words = f"{complaint.reference}: {title()}"
        told += notify(users=ids, kind=kind, title=words, url=case_url(complaint), complaint_id=complaint.pk, key=key)
    return told
