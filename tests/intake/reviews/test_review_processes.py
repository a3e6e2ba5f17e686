"""Workers in processes of their own, killed without a chance to tidy up: one reply, no review lost or doubled."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.database import database_url
from tests.intake.reviews.servers import Google, MastodonServer, TrustpilotServer
from tests.intake.reviews.test_review_replies import WORDS, posted, written
from tests.intake.reviews.test_review_storage import fetch, run_jobs

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock
from amends.intake.channels.reviews import fetching, posting
from amends.intake.channels.reviews.models import Mention, ReviewSource

pytestmark = [
    pytest.mark.processes,
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("no_jobs_left"),
]
ROOT = Path(__file__).resolve().parents[3]
Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]
WORKER = """
import sys, time
import django
django.setup()
from amends.intake.channels.reviews import fetching, posting, services
from amends.intake.channels.reviews.connectors.base import connectors
from amends.intake.channels.reviews.connectors import google_business, mastodon, trustpilot
what, number, url, dies_in = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
connectors._entries["google_business"] = google_business.GoogleBusiness(url + "/v4", url + "/token")
connectors._entries["trustpilot"] = trustpilot.Trustpilot(url)
def die(*given, **named):
    print("here", flush=True)
    time.sleep(60)
module, _, name = dies_in.partition(".")
setattr({"fetching": fetching, "posting": posting, "services": services}[module], name, die)
if what == "reply":
    posting.deliver_reply(message_id=number)
else:
    fetching.fetch_source(source_id=number)
"""


def killed_worker(what: str, number: int, url: str, dies_in: str, beside: Callable[[], None]) -> None:
    """Start a worker, wait until it has come to the step, look beside it, and kill it."""
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "amends.config.settings",
        "PYTHONPATH": str(ROOT / "src"), "AMENDS_TESTING": "1",
    }  # fmt: skip
    command = [sys.executable, "-c", WORKER, what, str(number), url, dies_in]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"here\n"
        beside()
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        if process.stdout is not None:
            process.stdout.close()


def until_free(name: str) -> None:
    """Wait until the database has noticed that the process is dead."""
    for _ in range(100):
        with fetching.alone(name) as free:
            if free:
                return
        time.sleep(0.1)
    pytest.fail("the database still holds the lock of a dead process")


@pytest.mark.parametrize("dies_in", ["posting._posted", "posting.mark_sent"])
@pytest.mark.parametrize(
    ("kind", "server_kind"),
    [("google_business", Google), ("trustpilot", TrustpilotServer), ("mastodon", MastodonServer)],
)
def test_a_worker_killed_while_it_posts_leaves_one_reply(
    serve: Serve, source_of: SourceOf, alice: User, kind: str, server_kind: type[Any], dies_in: str
) -> None:
    server = serve(server_kind)
    server.add(1)
    assert fetch(source_of(kind, server)) == "done"
    message = written(Mention.objects.get(), alice)

    def beside() -> None:
        message.refresh_from_db()
        assert message.state == "sending"
        assert posting.deliver_reply(message_id=message.pk) is None  # alive and slow is not dead

    killed_worker("reply", message.pk, server.url, dies_in, beside)
    until_free(f"reply:{message.pk}")
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert posting.left_behind() == [message.pk]
        assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    assert message.state == "sent"
    assert posted(server) == [WORDS]


@pytest.mark.parametrize("dies_in", ["fetching._store", "services._take", "fetching._check_again"])
def test_a_worker_killed_while_it_reads_loses_and_doubles_nothing(
    serve: Serve, source_of: SourceOf, dies_in: str
) -> None:
    server = serve(Google)
    for number in range(60):
        server.add(number, at=clock.now() - timedelta(hours=number))
    source = source_of("google_business", server)

    def beside() -> None:
        assert fetching.fetch_source(source_id=source.pk) == "busy"

    killed_worker("fetch", source.pk, server.url, dies_in, beside)
    until_free(f"reviews:{source.pk}")
    assert Mention.objects.count() in (0, 50)  # a page is there as a whole or not at all
    fetch(source)
    run_jobs()
    assert Mention.objects.count() == Complaint.objects.count() == 60
