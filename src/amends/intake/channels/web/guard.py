"""What keeps machines out of the form without asking anybody else (PURE: values and `now` in, decision out).

The form carries a signed stamp `<unix seconds>.<32 hex>.<signature>`. It says when the page was opened, and its middle
part is the key that makes a double click one complaint. The form is anonymous: there is no session that a foreign
page could misuse, so the stamp, and not a cookie, is what a submission must bring; customers without cookies can
complain too.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from amends.core.ids import sign, signature_is_valid

FASTEST = timedelta(seconds=3)
"""Nobody reads the form and writes what went wrong faster than this."""
OLDEST = timedelta(days=2)
PER_VISITOR, VISITOR_WINDOW = 20, timedelta(hours=1)
PER_ADDRESS, ADDRESS_WINDOW = 6, timedelta(hours=1)
PER_EVERYWHERE, EVERYWHERE_WINDOW = 300, timedelta(minutes=1)
"""From all places together: far above a bad day of a large house, far below what machines send."""
_STAMP = re.compile(r"(\d{9,11})\.([0-9a-f]{32})\.([a-z2-7]{24})")
PURPOSE = "web-form"


@dataclass(frozen=True, slots=True)
class Stamp:
    """A stamp that was made here: when the form was opened, and its key."""

    opened_at: datetime
    key: str


def new_stamp(now: datetime) -> str:
    """The hidden value of a form opened now."""
    value = f"{int(now.timestamp())}.{secrets.token_hex(16)}"
    return f"{value}.{sign(PURPOSE, value)}"


def read_stamp(text: str) -> Stamp | None:
    """The stamp in a submission, or None when it was not made here."""
    match = _STAMP.fullmatch(text)
    if match is None or not signature_is_valid(PURPOSE, f"{match[1]}.{match[2]}", match[3]):
        return None
    return Stamp(datetime.fromtimestamp(int(match[1]), tz=UTC), match[2])


def too_fast(stamp: Stamp, now: datetime) -> bool:
    """Whether no person can have filled in the form since it was opened."""
    return now - stamp.opened_at < FASTEST


def too_old(stamp: Stamp, now: datetime) -> bool:
    """Whether the form was open so long that its stamp may have been collected."""
    return now - stamp.opened_at > OLDEST


def visitor_hash(address: str, now: datetime) -> str:
    """What is kept of a visitor for counting: a keyed digest that is another one every day, of the /64 for IPv6."""
    try:
        parsed = ip_address(address)
    except ValueError:
        network = "unknown"
    else:
        network = str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else str(parsed)
    return hashlib.sha256(sign("web-visitor", f"{now.date().isoformat()}:{network}").encode()).hexdigest()
