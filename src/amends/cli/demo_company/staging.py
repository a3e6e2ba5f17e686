"""Where stories are played: they come in, and what followed is played in one transaction each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from amends.accounts.public import SYSTEM, Team, Unit
from amends.cases.public import IntakeKey, NewComplaint, Person, register
from amends.cli.demo_company import model
from amends.cli.demo_company.founding import Staff
from amends.cli.demo_company.organisation import company
from amends.cli.demo_company.playing import Play
from amends.core import clock
from amends.triage.public import assess_complaint

SOURCE: Final = "demo"
TOLD: Final = "demo-told"


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """Within this block jobs are taken by nobody: the stories tell themselves what came of them."""
    from procrastinate.contrib.django import app
    from procrastinate.testing import InMemoryConnector

    with app.replace_connector(InMemoryConnector()):
        yield


def told_already() -> set[str]:
    """The keys of the stories that are in the system, whole."""
    return set(IntakeKey.objects.filter(source=TOLD).values_list("key", flat=True))


def begun_already() -> dict[str, int]:
    """The stories that are at least registered: their keys, and the ids of their complaints."""
    return dict(IntakeKey.objects.filter(source=SOURCE).values_list("key", "complaint_id"))


class Stage:
    """Where stories are played: the units and people they need, read once."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.staff = Staff()
        self.units = {unit.key: unit for unit in Unit.objects.all()}
        self.teams = dict(Team.objects.values_list("key", "id"))

    def begin(self, story: model.Story) -> int:
        """The complaint comes in; its id. In a transaction of its own, so that references follow the days."""
        with nothing_leaves(), clock.frozen_at(story.received_at):
            return register(actor=SYSTEM, new=self._new(story)).complaint.pk

    def play(self, story: model.Story, complaint_id: int) -> None:
        """All that followed, in one transaction with the mark that it is told, or nothing of it."""
        with nothing_leaves(), transaction.atomic():
            play = Play(self, story, complaint_id)
            play.at(story.received_at + timedelta(seconds=2), lambda: _assess(complaint_id))
            for event in story.events:
                play.event(event)
            play.finish()
            IntakeKey.objects.create(source=TOLD, key=story.key, digest="", complaint_id=complaint_id)

    def _new(self, story: model.Story) -> NewComplaint:
        who = story.customer
        attributes = {
            "model": company().product(story.product).model if story.product else "",
            "software_version": story.firmware or "",
            "order": story.order_number or "",
            "campaign": company().campaign if story.campaign else "",
        }
        complainant = Person(
            name=who.name,
            email=who.email,
            phone=who.phone,
            address=who.address,
            account_number=who.account,
            language=story.language,
        )
        represented = Person(
            name=re.sub(r"^(?:Mrs|Mr|Ms|Frau|Herr) ", "", who.representative_of), language=story.language
        )
        return NewComplaint(
            channel=story.channel,
            complainant=represented if who.representative_of else complainant,
            representative=complainant if who.representative_of else None,
            unit_id=self.units[story.unit].pk,
            subject=story.subject,
            text=story.text,
            product=company().product(story.product).name if story.product else "",
            attributes={name: value for name, value in attributes.items() if value},
            desired_outcome=story.desired_outcome or "",
            source=SOURCE,
            key=story.key,
            received_at=story.received_at,
        )


def _assess(complaint_id: int) -> None:
    assess_complaint(actor=SYSTEM, complaint_id=complaint_id)
