"""Telling colleagues, each in the language of their pages."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from django.utils.translation import gettext as _

from amends.cases.public import Complaint
from amends.notifications import public as notifications


def case_url(complaint: Complaint) -> str:
    """The case's page."""
    return f"/cases/{complaint.reference}/"


def tell(users: Iterable[int], *, complaint: Complaint, kind: str, title: Callable[[], str], key: str) -> int:
    """Tell these people once by `key`; `title` is called in the language of each. How many are told now."""
    return notifications.tell(
        users=users,
        kind=kind,
        title=lambda: f"{complaint.reference}: {title()}",
        url=case_url(complaint),
        complaint_id=complaint.pk,
        key=key,
    )


def ask_for_final_answer(complaint: Complaint) -> None:
    """A refusal needs its reasons, in words of a person: the owner is asked to write them."""
    if complaint.owner_id is not None and complaint.resolved_at is not None:
        tell(
            [complaint.owner_id],
            complaint=complaint,
            kind="final_answer",
            title=lambda: _("write to the customer why it was not upheld"),
            key=f"final:{complaint.pk}:{complaint.resolved_at.isoformat()}",
        )
