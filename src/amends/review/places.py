"""The areas of this domain in the staff's bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from amends.accounts.public import Permission
from amends.core.places import Group, Place, places

places.register(
    Place(
        "review",
        gettext_lazy("Review"),
        gettext_lazy("Go to the review"),
        "review:review",
        Permission.REVIEW_VIEW,
        order=60,
    )
)
places.register(
    Place(
        "first-answer",
        gettext_lazy("First answers"),
        gettext_lazy("Go to the time to the first answer"),
        "review:first_answer",
        Permission.REVIEW_VIEW,
        group=Group.LISTEN,
        order=30,
    )
)
