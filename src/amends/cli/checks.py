"""What `amends doctor` looks at. Each check answers with findings: what was seen, and what to do when it is wrong."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from typing import Final

from amends.cli.environment import Environment, pending_migrations
from amends.cli.findings import Finding, bad, good, note
from amends.cli.rule_checks import RULES
from amends.core import clock

LOW_BYTES: Final = 1_000_000_000
HEARTBEAT_SECONDS: Final = 60
WAITING_SECONDS: Final = 300
BACKUP_DAYS: Final = 7
DRIFT_SECONDS: Final = 5
CONTACT_SECONDS: Final = 600


Check = Callable[[Environment], Iterator[Finding]]


def python_version(_where: Environment) -> Iterator[Finding]:
    """Old enough to be refused, or fine."""
    found = ".".join(map(str, sys.version_info[:3]))
    yield good(f"Python {found}.") if sys.version_info >= (3, 11) else bad(f"Python {found}: install 3.11 or newer.")


def data_folder(where: Environment) -> Iterator[Finding]:
    """Who may look into it, and how much room there is."""
    mode = where.data.stat().st_mode
    if mode & 0o006:
        yield note(f"Others on this machine can look into {where.data}: `chmod o-rw` closes it.")
    else:
        yield good(f"The data folder is {where.data}.")
    key = where.data / "secret.key"
    if key.exists() and key.stat().st_mode & 0o077:
        yield bad(f"Others can read {key}: `chmod 600` closes it; then remove it once if it may have been read.")
    usage = shutil.disk_usage(where.data)
    room = f"{usage.free / 1e9:.1f} GB are free for the data folder"
    yield (
        good(f"{room}.")
        if usage.free > LOW_BYTES
        else bad(f"Only {room}: make room, PostgreSQL stops when it is full.")
    )


def database(where: Environment) -> Iterator[Finding]:
    """Which one, durable or not, up to date or not, and whether its clock is ours."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('server_version'), current_setting('fsync'), extract(epoch FROM now())")
        version, fsync, seconds = cursor.fetchone()
    kind = "The embedded PostgreSQL" if where.database_url is None else "PostgreSQL"
    yield good(f"{kind} {version} answers.")
    if fsync != "on":
        yield bad("The database has fsync off: a power cut may lose complaints; set fsync = on and restart it.")
    drift = abs(time.time() - float(seconds))
    if drift > DRIFT_SECONDS:
        yield bad(f"The clocks of this machine and the database differ by {drift:.0f} s: set both by NTP.")
    missing = pending_migrations()
    yield bad(f"{missing} migrations are missing: run `amends migrate`.") if missing else good("It is up to date.")


def worker(_where: Environment) -> Iterator[Finding]:
    """Whether any lives, and whether work is left lying."""
    from amends.core import metrics

    age = metrics.worker_heartbeat_age()
    if age is None or age > HEARTBEAT_SECONDS:
        seen = "no worker has ever run" if age is None else f"the last sign of life is {age:.0f} s old"
        yield bad(f"No worker runs ({seen}): start `amends run` or `amends worker`.")
    else:
        yield good(f"A worker lives (sign of life {age:.0f} s ago).")
    for (queue,), seconds in metrics.oldest_job.read().items():
        if seconds > WAITING_SECONDS:
            yield bad(f"A job in the queue “{queue}” has waited for {seconds / 60:.0f} minutes: start more workers.")
    failed = sum(number for (_queue, status), number in metrics.jobs.read().items() if status == "failed")
    if failed:
        yield bad(f"{failed:.0f} jobs have failed for good: the worker's log says which and why.")


def web(where: Environment) -> Iterator[Finding]:
    """Whether the first page can be had here."""
    address = f"http://{_here(where.host)}:{where.port}/readyz"
    try:
        with urllib.request.urlopen(address, timeout=5):
            yield good(f"The web server answers on port {where.port}.")
    except urllib.error.HTTPError as error:
        yield bad(f"The web server on port {where.port} says it is not ready ({error.code}): see its log.")
    except OSError:
        yield bad(f"No web server answers on port {where.port}: start `amends run` or `amends web`.")


def mail_listener(where: Environment) -> Iterator[Finding]:
    """Whether mail can come in here, and go out."""
    try:
        with socket.create_connection((_here(where.smtp_host), where.smtp_port), timeout=5) as connection:
            greeting = connection.recv(200)
        if greeting.startswith(b"220"):
            yield good(f"The mail listener answers on port {where.smtp_port}.")
        else:
            yield bad(f"What answers on port {where.smtp_port} is no mail server: choose another AMENDS_SMTP_PORT.")
    except OSError:
        yield bad(f"No mail listener answers on port {where.smtp_port}: start `amends run` or `amends mail`.")
    from django.conf import settings

    if not settings.EMAIL_HOST:
        yield note("No mail leaves: set AMENDS_RELAY_HOST to your outgoing mail server; until then it waits.")


def mail_quarantine(_where: Environment) -> Iterator[Finding]:
    """Mail that nobody could place."""
    if importlib.util.find_spec("amends.intake.channels.email.models") is None:
        return
    from amends.intake.channels.email.models import MailState, RawMail

    kept = RawMail.objects.filter(state=MailState.QUARANTINED).count()
    waiting = RawMail.objects.filter(state=MailState.RECEIVED).count()
    if kept:
        yield note(f"{kept} mails are in quarantine: somebody should look at them.")
    if waiting:
        yield note(f"{waiting} mails were received and wait for a worker.")
    if not kept and not waiting:
        yield good("No mail waits and none is in quarantine.")


def mail_balance(_where: Environment) -> Iterator[Finding]:
    """Whether every mail that was taken in is still there, and every mailbox can be read."""
    from amends.intake.channels.email.models import Mailbox
    from amends.intake.channels.email.tally import mail_health

    found = mail_health()
    if found.missing:
        yield bad(
            f"{found.accepted} mails were taken in, {found.present} are there: compare with a backup before anything is deleted."
        )
    if found.overdue:
        yield bad(f"{found.overdue} mails have waited to be read for more than five minutes: start a worker.")
    if found.unfetched:
        yield note(f"{found.unfetched} mails could not be fetched from their mailboxes: they are in the quarantine.")
    for one in Mailbox.objects.filter(active=True).order_by("name"):
        if one.failing_since is not None:
            yield bad(
                f"The mailbox “{one.name}” cannot be read since {one.failing_since:%Y-%m-%d %H:%M} UTC: {one.last_error}"
            )
        elif one.last_contact_at is None:
            yield note(f"The mailbox “{one.name}” has never been read: does `amends mail` run?")
        elif (seconds := (clock.now() - one.last_contact_at).total_seconds()) > CONTACT_SECONDS:
            yield bad(f"The mailbox “{one.name}” was last read {seconds / 60:.0f} minutes ago: does `amends mail` run?")
        else:
            yield good(f"The mailbox “{one.name}” is read.")
    if not found.missing:
        yield good("Every mail that was taken in is there.")


def mail_certificate(_where: Environment) -> Iterator[Finding]:
    """Whether mail is taken over TLS, and for how long."""
    import ssl
    from datetime import UTC, datetime

    from django.conf import settings

    if not settings.AMENDS_MAIL_CERTIFICATE:
        return
    try:
        found = ssl._ssl._test_decode_cert(settings.AMENDS_MAIL_CERTIFICATE)  # type: ignore[attr-defined]  # noqa: SLF001  # the only reader of files there is
    except (OSError, ssl.SSLError) as problem:
        yield bad(f"The mail certificate cannot be read ({type(problem).__name__}): see AMENDS_MAIL_CERTIFICATE.")
        return
    ends = datetime.fromtimestamp(ssl.cert_time_to_seconds(found["notAfter"]), tz=UTC)
    days = (ends - clock.now()).days
    yield (
        bad(f"The mail certificate ended {-days} days ago: renew it.")
        if days < 0
        else good(f"The mail certificate holds for {days} days more.")
    )


def outgoing_mail(_where: Environment) -> Iterator[Finding]:
    """Whether letters can leave, and whether some could not."""
    from django.conf import settings

    from amends.cases.public import Message, MessageState

    waiting = Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).count()
    lost = Message.objects.filter(state__in=[MessageState.FAILED, MessageState.BOUNCED]).count()
    if settings.EMAIL_HOST:
        yield good("Outgoing mail has a relay.")
    elif settings.AMENDS_MAIL_FOLDER:
        yield note("Mail to customers is written to a folder, not sent: set AMENDS_RELAY_HOST to send it.")
    else:
        yield note(f"AMENDS_RELAY_HOST is not set: letters wait ({waiting} now) until it names your mail server.")
    if lost:
        yield note(f"{lost} messages did not reach their customers: their cases say why.")


def administrator(_where: Environment) -> Iterator[Finding]:
    """Whether anybody can sign in."""
    from amends.accounts.public import User

    if User.objects.filter(is_active=True).exists():
        yield good("Somebody can sign in.")
    else:
        yield note("Nobody can sign in yet: open the first page to make the administrator.")


def backups(where: Environment) -> Iterator[Finding]:
    """How old the newest one in the usual place is."""
    folder = where.data / "backups"
    found = sorted(folder.glob("*.tar"), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    if not found:
        yield note("There is no backup in the data folder: `amends backup` makes one.")
        return
    days = (time.time() - found[-1].stat().st_mtime) / 86400
    said = f"The newest backup is {days:.0f} days old"
    yield good(f"{said}.") if days < BACKUP_DAYS else note(f"{said}: `amends backup` makes a new one.")


def settings_of_a_server(_where: Environment) -> Iterator[Finding]:
    """What matters as soon as others can reach it."""
    address = os.environ.get("AMENDS_PUBLIC_URL", "")
    if not address:
        yield note("AMENDS_PUBLIC_URL is not set: links in mails point to this machine only.")
    elif not address.startswith("https://"):
        yield note("AMENDS_PUBLIC_URL has no https: put a server with TLS in front before customers use it.")


def _here(host: str) -> str:
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # compared, not bound


BEFORE_DATABASE: Final[tuple[Check, ...]] = (python_version, data_folder)
WITH_DATABASE: Final[tuple[Check, ...]] = (database,)
WHEN_UP_TO_DATE: Final[tuple[Check, ...]] = (
    worker,
    web,
    mail_listener,
    mail_quarantine,
    mail_balance,
    mail_certificate,
    outgoing_mail,
    *RULES,
    administrator,
    backups,
    settings_of_a_server,
)
