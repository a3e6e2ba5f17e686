"""Whose mail it is: the units to whose addresses it was sent."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import Q
from django.db.models.functions import Lower

from amends.accounts.public import Unit, root_unit
from amends.cases.public import Complaint, LinkKind, links_of
from amends.core.text import normalise_email
from amends.core.together import read_once

MOST_UNITS = 5
"""A mail to more units than this becomes a case in the first ones: nobody fills a whole house with one mail."""


def units(addresses: Sequence[str], delivered_to: int | None = None) -> list[int]:
    """Ids of the units a mail was written to, the nearest to the shops first; the organisation when it is none of them.

    A unit above another one that was addressed as well is left out: its people see the case of the one below.

    Args:
        delivered_to: the unit of the mailbox the mail was found in.
    """
    return own_units(addresses, delivered_to) or [root_unit().pk]


def own_units(addresses: Sequence[str], delivered_to: int | None = None) -> list[int]:
    """Like `units`, but empty when no unit was addressed."""
    wanted = tuple(normalise_email(address) for address in addresses)
    return list(read_once(("own_units", wanted, delivered_to), lambda: _own_units(wanted, delivered_to)))


def _own_units(wanted: Sequence[str], delivered_to: int | None) -> list[int]:
    rows = (
        Unit.objects.annotate(own=Lower("sender_email"), door=Lower("inbound_address"))
        .filter((Q(own__in=wanted) & ~Q(own="")) | (Q(door__in=wanted) & ~Q(door="")) | Q(pk=delivered_to or 0))
        .order_by("-path")
        .values_list("pk", "path")
    )
    paths = dict(rows)
    lowest = [
        pk
        for pk, path in paths.items()
        if not any(other != path and other.startswith(path) for other in paths.values())
    ]
    # The mailbox it was found in comes first: its case is the one that the others are linked to.
    return sorted(lowest, key=lambda pk: pk != delivered_to)[:MOST_UNITS]


def units_with_this_mail(case: Complaint) -> set[int]:
    """The units that have a case of the mail this case came with."""
    twins = [one.complaint.unit_id for one in links_of(case) if one.kind == LinkKind.SAME_MAIL]
    return {case.unit_id, *twins}
