"""The areas of this domain in the staff's bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from amends.accounts.public import Permission
from amends.core.places import Place, places

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
