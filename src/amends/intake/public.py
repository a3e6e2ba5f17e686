"""What other domains may use of intake."""

from collections.abc import Iterator
from datetime import datetime
from types import ModuleType

from amends.intake.channels.channel import channels, modules_of_channels
from amends.intake.channels.chat.saying import customer_says
from amends.intake.channels.chat.selectors import chat_of, lines_after, state_for_customer
from amends.intake.channels.chat.services import open_chat
from amends.intake.channels.chat.tokens import chat_token
from amends.intake.channels.phone.numbers import tail as number_tail
from amends.intake.channels.web.brands import look_of
from amends.intake.channels.web.files import MAX_TOTAL, Upload, accept_files
from amends.intake.channels.web.guard import Stamp, new_stamp, read_stamp
from amends.intake.channels.web.scanning import Scanned, hold_files, refuse_empty, scan_files

__all__ = [
    "MAX_TOTAL",
    "Scanned",
    "Stamp",
    "Upload",
    "accept_files",
    "channel_apis",
    "channel_name",
    "chat_of",
    "chat_token",
    "customer_says",
    "hold_files",
    "lines_after",
    "look_of",
    "new_stamp",
    "number_reached",
    "number_tail",
    "open_chat",
    "read_stamp",
    "refuse_empty",
    "scan_files",
    "state_for_customer",
]


def number_reached(*, end: str, at: datetime, by_id: int | None) -> int:
    """Somebody spoke to whoever has this number: the calls they missed leave the list of missed calls; how many did."""
    from amends.intake.channels.phone.calls import number_reached as take_off  # models are ready only when it is called

    return take_off(end=end, at=at, by_id=by_id)


def channel_name(key: str) -> str:
    """The name of a channel for people, in the current language; its key when there is none."""
    channel = channels.get(key)
    return str(channel.name) if channel is not None else key


def channel_apis() -> Iterator[ModuleType]:
    """The `api` module of every channel that has one."""
    return modules_of_channels("api")
