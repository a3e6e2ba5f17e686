"""A whole Amends for a story: `amends run` with its real processes, a real relay that keeps what it gets, and ways to
talk to it: the API, SMTP, SQL, and programs that work inside of it at another time.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import smtplib
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from tests.faults.running import RunningSystem, amends, command_environment, wait_until
from tests.intake.email.relay import Relay, running_relay

REPOSITORY = Path(__file__).resolve().parents[2]
MAILBOX = "care@amends.localhost"


@dataclass(frozen=True)
class Answer:
    """What the API said."""

    status: int
    body: Any


@dataclass(frozen=True)
class Letter:
    """A mail that the relay was given."""

    recipient: str
    mail: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.mail["Subject"])

    @property
    def message_id(self) -> str:
        return str(self.mail["Message-ID"])

    @property
    def reply_to(self) -> str:
        """The bare address an answer goes to."""
        found = re.search(r"[^\s<>]+@[^\s<>]+", str(self.mail["Reply-To"]))
        assert found, self.mail["Reply-To"]
        return found[0]

    @property
    def text(self) -> str:
        part = self.mail.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    def link(self, start: str) -> str:
        """The path of the first link that begins so, for example `/p/`."""
        found = re.search(rf"http://[^/\s]+({re.escape(start)}[^\s<>]+)", self.text)
        assert found, self.text
        return found[1]


class WholeSystem(RunningSystem):
    """`amends run`, the relay it sends through, and the token of a program that may do everything the API offers."""

    def __init__(self, data: Path, relay: Relay, **variables: str) -> None:
        super().__init__(
            data,
            AMENDS_RELAY_HOST="127.0.0.1",
            AMENDS_RELAY_PORT=str(relay.port),
            AMENDS_UNDO_SECONDS="0",
            **variables,
        )
        self.relay = relay
        self.token = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def amends(self, *words: str) -> subprocess.CompletedProcess[str]:
        """A command of Amends beside the running system."""
        return amends(self.data, *words, **self._variables())

    def _variables(self) -> dict[str, str]:
        return {"AMENDS_PORT": str(self.port), "AMENDS_SMTP_PORT": str(self.smtp_port), **self.variables}

    def make_token(self, scopes: str = "intake,read,work,review,admin") -> str:
        made = self.amends("token", "create", "--name", "the story", "--scope", scopes)
        assert made.returncode == 0, made.stderr
        return made.stdout.splitlines()[-1]

    def inside(self, verb: str, *, at: datetime | None = None, **values: Any) -> Any:
        """Let `tests.journeys.inside` do something on the system's data, at another time if one is given."""
        order = {"verb": verb, "at": at.isoformat() if at else None, "values": values}
        environment = command_environment(self.data, **self._variables())
        environment["PYTHONPATH"] = f"{environment['PYTHONPATH']}:{REPOSITORY}"
        done = subprocess.run(
            [sys.executable, "-m", "tests.journeys.inside", json.dumps(order)],
            env=environment,
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    # -- the API ----------------------------------------------------------------------------------------------------

    def call(self, method: str, path: str, body: Any = None, *, key: str = "", timeout: float = 20) -> Answer:
        """One request to the API.

        Raises:
            OSError, http.client.HTTPException: nobody answered, or not to the end.
        """
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        try:
            connection.request(method, f"/api/v1{path}", None if body is None else json.dumps(body), headers)
            response = connection.getresponse()
            raw = response.read()
            is_json = "json" in (response.headers.get("Content-Type") or "")
            return Answer(response.status, json.loads(raw) if is_json else raw.decode(errors="replace"))
        finally:
            connection.close()

    def read(self, reference: str) -> dict[str, Any]:
        """A whole complaint as the API shows it."""
        answer = self.call("GET", f"/complaints/{reference}")
        assert answer.status == 200, answer.body
        return cast("dict[str, Any]", answer.body)

    def wait_for(self, reference: str, seconds: float = 20, **values: Any) -> dict[str, Any]:
        """The complaint once these keys have these values; `...` stands for anything but null."""

        def reached() -> dict[str, Any] | None:
            found = self.read(reference)
            as_wanted = (
                found[key] is not None if value is ... else found[key] == value for key, value in values.items()
            )
            return found if all(as_wanted) else None

        return cast("dict[str, Any]", wait_until(reached, seconds, f"{reference} with {values}"))

    # -- mail -------------------------------------------------------------------------------------------------------

    def send_mail(self, raw: bytes, *, sender: str = "relay@example.org", recipient: str = MAILBOX) -> bool:
        """As a relay that brings one mail: True only after a 250."""
        with (
            contextlib.suppress(OSError, smtplib.SMTPException),
            smtplib.SMTP("127.0.0.1", self.smtp_port, timeout=10) as client,
        ):
            client.ehlo()
            if client.mail(sender)[0] == 250 and client.rcpt(recipient)[0] == 250:
                return client.data(raw)[0] == 250
        return False

    def letters(self, recipient: str = "") -> list[Letter]:
        """What the relay was given so far, in order; only for one recipient if one is named."""
        pairs = list(zip(self.relay.envelopes, self.relay.mails, strict=False))
        return [
            Letter(to[0], cast("EmailMessage", message_from_bytes(raw, policy=policy.default)))
            for (_sender, to), raw in pairs
            if not recipient or recipient in to
        ]

    def wait_for_letter(self, recipient: str, number: int = 1, seconds: float = 30) -> Letter:
        """The nth letter to somebody."""
        wait_until(lambda: len(self.letters(recipient)) >= number, seconds, f"letter {number} to {recipient}")
        return self.letters(recipient)[number - 1]

    def state(self) -> str:
        """Where jobs, mails and messages stand, for the reader of a failed test."""
        questions = (
            "SELECT id, task_name, status, attempts, scheduled_at, args::text FROM procrastinate_jobs ORDER BY id",
            "SELECT id, state, outcome, reason FROM intake_rawmail ORDER BY id",
            "SELECT id, complaint_id, kind, state, state_reason, attempts, not_before FROM cases_message ORDER BY id",
        )
        return "\n".join(str(row) for question in questions for row in self.query(question))

    def wait_for_quiet(self, seconds: float = 30) -> None:
        """Until the worker has nothing to do that is due now."""

        def quiet() -> bool:
            due = "status = 'todo' AND (scheduled_at IS NULL OR scheduled_at <= now())"
            ((waiting,),) = self.query(f"SELECT count(*) FROM procrastinate_jobs WHERE {due} OR status = 'doing'")
            return bool(waiting == 0)

        wait_until(quiet, seconds, "the end of all jobs")


@contextlib.contextmanager
def whole_system(**variables: str) -> Iterator[WholeSystem]:
    """Started, with an organisation and a token; everything is gone afterwards."""
    with (
        TemporaryDirectory(prefix="am-", ignore_cleanup_errors=True) as folder,
        running_relay() as relay,
    ):
        Path(folder).chmod(0o755)
        system = WholeSystem(Path(folder) / "data", relay, **variables)
        try:
            system.start()
            system.inside("found_the_house")
            system.token = system.make_token()
            yield system
        except BaseException:
            print(system.state())
            raise
        else:
            if not system.process_has_ended():
                assert system.stop() == 0
        finally:
            system.clean_up()


def patiently(action: Any, *, seconds: float, pause: float = 0.2) -> Any:
    """Do it until it gives something true; network errors are only another reason to do it again."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if found := action():
                return found
        time.sleep(pause)
    raise AssertionError(f"not within {seconds} s")
