"""The limits an organisation starts with, read from data (PURE after the first read)."""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml
from pydantic import BaseModel, ConfigDict

AUTHORITY_FILE = Path(__file__).parent / "data" / "authority.yaml"
ANY_CURRENCY = "*"


class AuthorityFile(BaseModel):
    """The whole file; limits are by role and currency, None without limit."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    version: str
    source: str
    limits: dict[str, dict[str, Decimal | None]]


@cache
def default_limits() -> dict[tuple[str, str], Decimal | None]:
    """`(role, currency)` → limit; the currency "" stands for every other one."""
    content = AuthorityFile.model_validate(yaml.safe_load(AUTHORITY_FILE.read_text(encoding="utf-8")))
    return {
        (role, "" if currency == ANY_CURRENCY else currency): amount
        for role, by_currency in content.limits.items()
        for currency, amount in by_currency.items()
    }
