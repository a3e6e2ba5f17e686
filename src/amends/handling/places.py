"""The areas of this domain in the staff's bar."""

from __future__ import annotations

from django.utils.translation import gettext_lazy

from amends.accounts.public import Permission
from amends.core.places import Place, places

places.register(
    Place(
        "promises",
        gettext_lazy("Promises"),
        gettext_lazy("Go to the promises"),
        "handling:promises",
        Permission.CASE_VIEW,
        order=20,
    )
)
