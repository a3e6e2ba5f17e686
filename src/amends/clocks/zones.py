"""Time zones by their IANA name, safely: the name may come from anybody."""

from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class UnknownZoneError(ValueError):
    """There is no such time zone; the message says what to write instead."""


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo:
    """The zone, such as "Europe/London". Raises UnknownZoneError for anything that is not one."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        # ValueError: a path or a NUL byte; OSError: the name of a folder, or one too long for the file system.
        raise UnknownZoneError(f"there is no time zone {name[:40]!r}: write one such as Europe/London") from None
