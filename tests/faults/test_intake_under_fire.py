"""Web, worker, mail listener and database are killed at random while complaints come in: none is lost, none is
doubled, and each customer gets one acknowledgement.

One window stays open for every sender of mail: between the relay's 250 and our mark. A copy sent after a death in this
window carries the same Message-ID, so mail programs show one letter; that is what is asserted here.

AMENDS_FAULT_INTAKES says how many complaints (200), AMENDS_FAULT_SEED which run of kills (7).
"""

from __future__ import annotations

import contextlib
import http.client
import os
import queue
import random
import signal
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from amends.core import clock
from tests.faults.running import wait_until
from tests.journeys.system import WholeSystem, whole_system

pytestmark = pytest.mark.processes

INTAKES = int(os.environ.get("AMENDS_FAULT_INTAKES", "200"))
SEED = int(os.environ.get("AMENDS_FAULT_SEED", "7"))
CLIENTS = 4
PATIENCE_SECONDS = 120.0
VICTIMS = ("web", "worker", "mail", "postgres")
KILLS = len(VICTIMS) * max(2, INTAKES // 200)
FAULTS = (
    "stopped working after nine days",
    "arrived broken and nobody answers the phone",
    "makes a terrible noise since the repair",
    "was charged twice and the refund never came",
)


def customer(number: int) -> str:
    return f"customer{number}@example.org"


def words(number: int) -> str:
    return f"My speaker number {number} {FAULTS[number % len(FAULTS)]}. I am disappointed and want my money back."


@dataclass
class Clients:
    """Programs and relays that bring complaints, each again and again until it hears that it was taken."""

    system: WholeSystem
    waiting: queue.SimpleQueue[int] = field(default_factory=queue.SimpleQueue)
    references: dict[int, str] = field(default_factory=dict)
    attempts: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    taken: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def work(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._bring(self.waiting.get_nowait())

    def _bring(self, number: int) -> None:
        way = self._by_api if number % 2 else self._by_mail
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with self._lock:
                self.attempts["api" if number % 2 else "mail"] += 1
            if way(number):
                with self._lock:
                    self.taken += 1
                return
            time.sleep(0.1)
        self.problems.append(f"complaint {number} was never taken")

    def _by_api(self, number: int) -> bool:
        body = {
            "complainant": {"name": f"Customer {number}", "email": customer(number), "language": "en"},
            "subject": f"Speaker {number}",
            "text": words(number),
            "product": "aria-one",
        }
        try:
            answer = self.system.call("POST", "/complaints", body, key=f"intake-{number}")
        except (OSError, http.client.HTTPException):
            return False
        if answer.status not in (200, 201):
            if answer.status != 503:  # "not now, send it again" is the only other answer
                self.problems.append(f"complaint {number}: {answer.status} {answer.body}")
            return False
        self.references[number] = answer.body["reference"]
        return True

    def _by_mail(self, number: int) -> bool:
        head = (
            f"From: Customer {number} <{customer(number)}>\r\nTo: care@amends.localhost\r\n"
            f"Subject: Speaker {number}\r\nMessage-ID: <m{number}@example.org>\r\n"
        )
        return self.system.send_mail(f"{head}\r\n{words(number)}\r\n".encode(), sender=customer(number))


@dataclass
class Fire:
    """Kills a part whenever so many complaints were taken: of those that live, one that was killed least often."""

    system: WholeSystem
    clients: Clients
    chance: random.Random
    killed: Counter[str] = field(default_factory=Counter)
    ended: threading.Event = field(default_factory=threading.Event)

    def burn(self) -> None:
        moments = self.chance.sample(range(INTAKES // 20, INTAKES - INTAKES // 20), KILLS)
        for moment in sorted(moments):
            while self.clients.taken < moment:
                if self.ended.wait(0.01):
                    return
            self._kill_one()

    def _kill_one(self) -> None:
        alive = {name: number for name in VICTIMS if (number := self.system.child(name))}
        for name in sorted(alive, key=lambda one: (self.killed[one], self.chance.random())):
            with contextlib.suppress(ProcessLookupError):  # it ended by itself since we looked
                os.kill(alive[name], signal.SIGKILL)
                self.killed[name] += 1
                return


def bring_all(system: WholeSystem) -> tuple[Clients, Fire]:
    clients = Clients(system)
    for number in range(INTAKES):
        clients.waiting.put(number)
    fire = Fire(system, clients, random.Random(SEED))
    arsonist = threading.Thread(target=fire.burn)
    workers = [threading.Thread(target=clients.work) for _ in range(CLIENTS)]
    for thread in (arsonist, *workers):
        thread.start()
    for thread in workers:
        thread.join()
    fire.ended.set()
    arsonist.join()
    return clients, fire


def all_acknowledged(system: WholeSystem) -> bool:
    statement = "SELECT count(*), count(acknowledged_at) FROM cases_complaint"
    return system.query(statement) == [(INTAKES, INTAKES)]


def test_nothing_is_lost_or_doubled_and_each_is_acknowledged_once_while_parts_are_killed() -> None:
    with whole_system() as system:
        began = time.monotonic()
        clients, fire = bring_all(system)
        seconds_of_intake = time.monotonic() - began
        assert clients.problems == []
        wait_until(lambda: system.get("/readyz") == 200, 60, "readiness after the last kill")
        wait_until(lambda: system.child("worker"), 60, "a worker after the last kill")
        # The look-outs wait minutes, so that they do not run after jobs in hand: here the time is passed in.
        late = clock.now() + timedelta(minutes=4)
        rounds = 0
        while not all_acknowledged(system) and rounds < 6:
            rounds += 1
            with contextlib.suppress(AssertionError):
                wait_until(lambda: all_acknowledged(system), 10, "the acknowledgements")
                break
            system.inside("take_up_what_was_left", at=late)
        seconds_in_all = time.monotonic() - began

        print(
            f"{INTAKES} intakes in {seconds_of_intake:.1f} s, settled after {seconds_in_all:.1f} s; "
            f"attempts {dict(clients.attempts)}, killed {dict(fire.killed)}, rounds of taking up {rounds}"
        )
        assert set(fire.killed) == set(VICTIMS)
        check_complaints(system, clients)
        check_letters(system)
        verified = system.amends("audit", "verify")
        print(verified.stdout)
        assert verified.returncode == 0, verified.stdout


def check_complaints(system: WholeSystem, clients: Clients) -> None:
    """None lost, none doubled, and the references that programs were told are those of their customers."""
    rows = system.query(
        "SELECT complaint.reference, customer.email, complaint.phase FROM cases_complaint complaint "
        "JOIN cases_customer customer ON customer.id = complaint.customer_id"
    )
    assert Counter(email for _, email, _ in rows) == Counter(customer(number) for number in range(INTAKES))
    assert len({reference for reference, _, _ in rows}) == INTAKES
    assert {phase for _, _, phase in rows} == {"acknowledged"}
    of = {email: reference for reference, email, _ in rows}
    assert {number: of[customer(number)] for number in clients.references} == clients.references
    assert len(clients.references) == INTAKES // 2
    assert system.query("SELECT count(*) FROM intake_rawmail WHERE state = 'received'") == [(0,)]
    clocks = "SELECT count(DISTINCT complaint_id) FROM clocks_clock WHERE kind = 'acknowledge' AND stopped_at <= due_at"
    assert system.query(clocks) == [(INTAKES,)]


def check_letters(system: WholeSystem) -> None:
    """One letter for each customer; a copy is only ever the same message again."""
    # What the staff are told by mail while things burn is not for the customers.
    letters = [letter for letter in system.letters() if not letter.recipient.endswith("@northlight.example")]
    by_customer: dict[str, Counter[str]] = {}
    for letter in letters:
        by_customer.setdefault(letter.recipient, Counter())[letter.message_id] += 1
    copies = sum(count - 1 for identifiers in by_customer.values() for count in identifiers.values())
    print(f"{len(letters)} letters taken by the relay for {len(by_customer)} customers; {copies} copies")
    assert set(by_customer) == {customer(number) for number in range(INTAKES)}
    assert {recipient: len(identifiers) for recipient, identifiers in by_customer.items() if len(identifiers) > 1} == {}
    stored = system.query(
        "SELECT message.message_id, message.to_address FROM cases_message message "
        "WHERE message.direction = 'out' AND message.kind = 'acknowledgement' AND message.state = 'sent'"
    )
    assert {f"<{identifier}>": address for identifier, address in stored} == {
        letter.message_id: letter.recipient for letter in letters
    }
    assert len(stored) == INTAKES
