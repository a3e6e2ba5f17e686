"""The services and webhooks of the organisation, from a file that only the operator can read.

AMENDS_ALERTS_FILE names a TOML file:

    [services]                      # addresses of Apprise: Slack, Teams, SMS gateways and a hundred more
    care-chat = "slack://token/channel"

    [webhooks.pager]                # programs of your own, which hear of every alert
    url = "https://pager.example.com/amends"
    secret = "at least sixteen characters"
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Annotated

from django.conf import settings
from pydantic import BaseModel, ConfigDict, Field

from amends.core.tomlplace import read_as


class Webhook(BaseModel):
    """A program that hears of alerts; `secret` signs what it is sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    url: Annotated[str, Field(pattern=r"^https?://\S{3,500}$")]
    secret: Annotated[str, Field(min_length=16, max_length=200)]


Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]


class Outside(BaseModel):
    """Everything outside that can be told."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    services: dict[Name, Annotated[str, Field(pattern=r"^[a-z0-9]+://\S{1,1000}$")]] = Field(default_factory=dict)
    webhooks: dict[Name, Webhook] = Field(default_factory=dict)


class OutsideFileError(ValueError):
    """The file cannot be used; the message says why, without its secrets."""


def outside() -> Outside:
    """What the file says; nothing without a file. Read again when it changed.

    Raises:
        OutsideFileError: it is there and cannot be used.
    """
    name = settings.AMENDS_ALERTS_FILE
    if not name:
        return Outside()
    path = Path(name)
    try:
        return _read(path, path.stat().st_mtime_ns)
    except OSError as error:
        raise OutsideFileError(f"{path}: the file cannot be read ({error.strerror}).") from None


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Outside:
    return read_as(path, Outside, OutsideFileError)
