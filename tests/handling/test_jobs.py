"""The jobs of handling and review are known to the worker and safe to run twice."""

from __future__ import annotations

from datetime import date

import pytest
from procrastinate.contrib.django import app

from amends.accounts.public import User
from amends.cases.public import Complaint
from amends.core import clock
from amends.handling.jobs import sweep
from amends.handling.public import promise
from amends.review.jobs import remind
from amends.review.public import open_corrective_action
from tests.handling.fixtures import MONDAY
from tests.people import actor

pytestmark = pytest.mark.django_db


def test_the_worker_knows_the_jobs_and_when_they_run() -> None:
    periodic = {task.task.name: task.cron for task in app.periodic_registry.periodic_tasks.values()}
    assert periodic["handling.sweep_promises"] == "*/5 * * * *"
    assert "review.remind" in periodic


def test_each_job_does_its_work_once(alice: User, bob: User, complaint: Complaint) -> None:
    with clock.frozen_at(MONDAY):
        promise(actor=actor(alice), complaint_id=complaint.pk, what="Ring back", due=date(2026, 3, 3))
        open_corrective_action(
            actor=actor(bob),
            complaint_id=None,
            cause_id=None,
            what="Scan twice",
            owner_id=bob.pk,
            due_on=date(2026, 3, 9),
        )
    with clock.frozen_at(MONDAY.replace(day=9)):
        assert [sweep(0), sweep(0)] == [1, 0]
        assert [remind(0), remind(0)] == [1, 0]
