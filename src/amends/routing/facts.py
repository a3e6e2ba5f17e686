"""What the routing rules look at, read from many cases with few queries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation

from django.db.models import QuerySet

from amends.accounts.public import Unit
from amends.cases.public import Complaint
from amends.routing.ruleset import Facts

TEXT_LOOKED_AT = 20_000
VALUE_ATTRIBUTES = ("value", "amount", "order_value")


class Units:
    """Every unit's key, the keys above it and its rule packs (1 query, whatever the number of cases)."""

    def __init__(self) -> None:
        rows = list(Unit.objects.only("id", "path", "key", "rule_packs"))
        self._units: Mapping[int, Unit] = {one.pk: one for one in rows}

    def above(self, unit_id: int) -> list[Unit]:
        """The unit and those above it, nearest first."""
        path = self._units[unit_id].path
        return [self._units[int(part)] for part in reversed(path.strip("/").split("/"))]

    def keys(self, unit_id: int) -> tuple[str, ...]:
        """The keys of the unit and of those above it."""
        return tuple(one.key for one in self.above(unit_id))

    def packs(self, unit_id: int) -> tuple[str, ...]:
        """The rule packs that hold for the unit."""
        return next((tuple(one.rule_packs) for one in self.above(unit_id) if one.rule_packs), ("house",))

    def path(self, unit_id: int) -> str:
        """The ids from the root to the unit."""
        return self._units[unit_id].path


def with_what_rules_need(cases: QuerySet[Complaint]) -> QuerySet[Complaint]:
    """The query that `facts_of` reads without a further one."""
    return cases.select_related("product").defer("search")


def facts_of(cases: Iterable[Complaint], units: Units | None = None) -> dict[int, Facts]:
    """The facts of each case by its id (1 query for the units)."""
    units = units or Units()
    return {
        one.pk: Facts(
            channel=one.channel,
            category=one.category,
            product=one.product.key if one.product else "",
            line=one.product.line if one.product else "",
            language=one.language,
            severity=one.severity,
            packs=units.packs(one.unit_id),
            unit_keys=units.keys(one.unit_id),
            unit_path=units.path(one.unit_id),
            text=f"{one.subject}\n{one.text[:TEXT_LOOKED_AT]}",
            vulnerable=one.vulnerable,
            safety=one.safety,
            legal_or_media=one.legal_or_media,
            value=value_at_stake(one),
        )
        for one in cases
    }


def value_at_stake(one: Complaint) -> Decimal | None:
    """What was said to be at stake, else the price of the product."""
    for name in VALUE_ATTRIBUTES:
        said = str(one.attributes.get(name, "")).strip()
        if said:
            try:
                value = Decimal(said[:20])
            except InvalidOperation:
                continue
            if value.is_finite():
                return value
    return one.product.price if one.product else None
