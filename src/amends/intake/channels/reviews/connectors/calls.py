"""Asking an API: each answer becomes values, or one of the connectors' errors; access tokens are kept and renewed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from amends.core import clock, outgoing
from amends.core.outgoing import Answer, OutgoingError
from amends.intake.channels.reviews.connectors.base import (
    Account,
    ConnectorError,
    Gone,
    Permanent,
    RateLimited,
    Temporary,
    TokenExpired,
)

Result = TypeVar("Result")
TIMEOUT = 20.0
MAX_BYTES = 10_000_000
LONGEST_PAUSE = 24 * 3600.0
EARLY = timedelta(seconds=60)
"""A token is renewed this long before it ends, so that it does not end on the way."""
NEVER_ALLOWED = (outgoing.ForbiddenAddress, outgoing.UnusableRequest)


class Unauthorised(ConnectorError):
    """401: the access token is not (or no longer) good. Renewed once, then it becomes TokenExpired."""

    kind = "token"


def ask(method: str, url: str, **given: Any) -> Answer:
    """One request with the guard of `core.outgoing`; returns the answer when its status is 2xx or 304.

    Raises:
        ConnectorError: what the status or the missing answer means.
    """
    try:
        answer = outgoing.request(method, url, timeout=TIMEOUT, max_bytes=MAX_BYTES, **given)
    except NEVER_ALLOWED as error:
        raise Permanent(str(error)) from error
    except OutgoingError as error:
        raise Temporary(str(error)) from error
    if 200 <= answer.status < 300 or answer.status == 304:
        return answer
    raise refusal(answer)


def refusal(answer: Answer) -> ConnectorError:
    """The error that a status means."""
    status = answer.status
    if status == 429 or (status in (403, 503) and _says_rate(answer)):
        return RateLimited("Too many requests: we wait.", retry_after(answer))
    if status == 401:
        return Unauthorised("The access is not accepted (401).")
    if status in (404, 410):
        return Gone(f"It is not there (answer {status}).")
    if status == 408 or status >= 500:
        return Temporary(f"The other side has trouble (answer {status}).")
    return Permanent(f"The other side refuses what we ask (answer {status}).")


def _says_rate(answer: Answer) -> bool:
    """Google says with 403 and a reason what others say with 429; some say 503 with Retry-After."""
    if "retry-after" in answer.headers:
        return True
    words = answer.body[:5000].lower()
    return (
        b"ratelimit" in words or b"rate limit" in words or b"resource_exhausted" in words or b"quotaexceeded" in words
    )


def retry_after(answer: Answer) -> float | None:
    """Seconds to wait by Retry-After (seconds or a date) or X-RateLimit-Reset (a date, or seconds since 1970)."""
    said = answer.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), LONGEST_PAUSE)
    moment = _moment(said) or _moment(answer.headers.get("x-ratelimit-reset", "").strip())
    if moment is None:
        return None
    return min(max((moment - clock.now()).total_seconds(), 1.0), LONGEST_PAUSE)


def pause_wanted(answer: Answer) -> float:
    """Seconds until we may ask again, when this answer was the last one that was allowed; else 0."""
    if answer.headers.get("x-ratelimit-remaining", "").strip() != "0":
        return 0
    return retry_after(answer) or 60.0


def _moment(said: str) -> datetime | None:
    if said.isascii() and said.isdigit() and 9 <= len(said) <= 11:
        return datetime.fromtimestamp(int(said), tz=UTC)
    return moment_of(said)


def moment_of(said: object) -> datetime | None:
    """A date of ISO 8601 / RFC 3339 (any number of fraction digits) or RFC 2822; None for anything else."""
    if not isinstance(said, str) or not said.strip() or len(said) > 60:
        return None
    said = said.strip()
    try:
        found = datetime.fromisoformat(said)
    except ValueError:
        try:
            found = parsedate_to_datetime(said)
        except (ValueError, IndexError):
            return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (OverflowError, ValueError):
        return None


def as_object(answer: Answer) -> dict[str, Any]:
    """The answer as a JSON object.

    Raises:
        Temporary: it is something else, for example a page of a proxy in between.
    """
    try:
        value = answer.json()
    except OutgoingError as error:
        raise Temporary(str(error)) from error
    if not isinstance(value, dict):
        raise Temporary("The answer is not the object that was asked for.")
    return value


def words(value: object) -> str:
    """A text, or nothing: whatever else stands where a text should be."""
    return value if isinstance(value, str) else ""


def stars(value: object) -> int | None:
    """A rating of 1 to 5 as a number or its digits, else None."""
    try:
        rating = round(float(value))  # type: ignore[arg-type]  # anything may stand there
    except (TypeError, ValueError, OverflowError):
        return None
    return rating if 1 <= rating <= 5 else None


def inside(value: object, *path: str) -> Any:
    """`value[path[0]][path[1]]…`, None as soon as there is no such thing."""
    for step in path:
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and when it ends."""

    value: str
    ends_at: datetime


_tokens: dict[str, Token] = {}
_lock = threading.Lock()


def with_token(source: Account, obtain: Callable[[], Token], act: Callable[[str], Result]) -> Result:
    """Do something with an access token; when it is refused, renew it once and try again.

    Raises:
        TokenExpired: there is no new token, or the new one is refused as well.
    """
    with _lock:
        token = _tokens.get(source.key)
    if token is None or token.ends_at - EARLY <= clock.now():
        token = _renewed(source, obtain)
    try:
        return act(token.value)
    except Unauthorised:
        token = _renewed(source, obtain)
    try:
        return act(token.value)
    except Unauthorised as error:
        raise TokenExpired("The access is refused although it was renewed: connect the account again.") from error


def ask_with_token(source: Account, obtain: Callable[[], Token], method: str, url: str, **given: Any) -> Answer:
    """`ask` as the holder of an access token that `obtain` can renew.

    Raises:
        ConnectorError: what the status or the missing answer means.
    """
    return with_token(
        source, obtain, lambda token: ask(method, url, headers={"Authorization": f"Bearer {token}"}, **given)
    )


def one_or_gone(read: Callable[[], Result]) -> Result | None:
    """What `read` gives; None when it is not there any more."""
    try:
        return read()
    except Gone:
        return None


def with_fixed_token(act: Callable[[], Result]) -> Result:
    """Do something with a token that cannot be renewed."""
    try:
        return act()
    except Unauthorised as error:
        raise TokenExpired("The access token is not accepted: make a new one.") from error


def forget_tokens() -> None:
    """Drop all kept tokens."""
    with _lock:
        _tokens.clear()


def _renewed(source: Account, obtain: Callable[[], Token]) -> Token:
    with _lock:
        _tokens.pop(source.key, None)
    try:
        token = obtain()
    except (Unauthorised, Permanent) as error:
        raise TokenExpired("The access cannot be renewed: connect the account again.") from error
    with _lock:
        _tokens[source.key] = token
    return token


def ask_token(url: str, form: Mapping[str, str], **given: Any) -> Token:
    """An access token from an OAuth 2.0 token endpoint."""
    value = as_object(ask("POST", url, form=form, **given))
    token, seconds = words(value.get("access_token")), value.get("expires_in")
    if not token:
        raise Permanent("The answer has no access token.")
    try:
        lasts = min(max(float(str(seconds)), 0), 86_400 * 30)
    except ValueError:
        lasts = 300.0  # not said: renewed soon enough by the 401
    return Token(token, clock.now() + timedelta(seconds=lasts))
