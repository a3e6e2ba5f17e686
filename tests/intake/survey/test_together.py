"""Surveys with the rest of the house: the jobs are found, two who do the same at once do it once, and the customer is answered."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, access_complaint
from amends.core import clock
from amends.core.metrics import exposition
from amends.intake.channels.survey.answering import Click, Story, click, register_due, tell
from amends.intake.channels.survey.models import AnswerSource, Survey, SurveyAnswer
from amends.intake.channels.survey.surveys import create_survey
from amends.intake.webhooks.models import WebhookDelivery
from amends.intake.webhooks.services import create_webhook, process
from amends.notifications.public import unread
from amends.triage.public import assess_complaint
from amends.voice.public import acknowledge


def unhappy(house: House, **story: str) -> SurveyAnswer:
    survey = create_survey(actor=SYSTEM, name="After the visit", unit=house.london, kind="nps")
    answer = click(click=Click(survey_id=survey.pk, score=2, source=AnswerSource.LINK, once="one", language="en"))
    return tell(answer_id=answer.pk, story=Story(**story)) if story else answer


def all_at_once(*acts: Callable[[], object]) -> list[Exception]:
    """Run each in a thread and a connection of its own, from one starting signal."""
    failures: list[Exception] = []
    start = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except Exception as error:  # noqa: BLE001  # whatever it was, the test says it
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    return failures


@pytest.mark.django_db(transaction=True)
def test_the_story_and_the_clock_at_once_make_one_complaint_with_the_story(house: House) -> None:
    answer = unhappy(house)
    late = clock.now() + timedelta(minutes=11)
    story = Story(words="Nobody was there.")
    failures = all_at_once(
        lambda: register_due(late), lambda: tell(answer_id=answer.pk, story=story), lambda: register_due(late)
    )
    assert failures == []
    complaint = Complaint.objects.get()
    assert Message.objects.filter(complaint=complaint, text="Nobody was there.").count() == 1


@pytest.mark.django_db(transaction=True)
def test_many_clicks_of_one_page_at_once_are_one_answer(house: House) -> None:
    survey: Survey = create_survey(actor=SYSTEM, name="x", unit=house.london, kind="nps")
    one = Click(survey_id=survey.pk, score=2, source=AnswerSource.LINK, once="same")
    assert all_at_once(*[lambda: click(click=one)] * 6) == []
    assert SurveyAnswer.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_one_delivery_worked_on_by_several_is_done_once(house: House) -> None:
    webhook, _ = create_webhook(actor=SYSTEM, key="pbx", channel="phone", unit=house.london, mapping="telephone")
    body = b'{"call": "c1", "event": "ringing", "number": "07700 900123"}'
    delivery = WebhookDelivery.objects.create(webhook=webhook, replay_key="x", body=body, received_at=clock.now())
    assert all_at_once(*[lambda: process(delivery_id=delivery.pk)] * 4) == []
    delivery.refresh_from_db()
    assert delivery.state == "done"


def test_whoever_left_an_address_gets_the_first_letter(house: House) -> None:
    answer = unhappy(house, words="I waited an hour and was sent away.", email="maya@example.org", name="Maya Okafor")
    assert answer.complaint_id is not None
    assess_complaint(actor=SYSTEM, complaint_id=answer.complaint_id)
    acknowledge(complaint_id=answer.complaint_id)
    complaint = access_complaint(SYSTEM, answer.complaint_id)
    assert complaint.label == "complaint"
    assert Message.objects.filter(complaint=complaint, kind="acknowledgement", to_address="maya@example.org").exists()


def test_an_answer_without_words_or_address_is_a_complaint_that_people_are_told_of(house: House, lena: User) -> None:
    answer = unhappy(house)
    register_due(clock.now() + timedelta(minutes=11))
    answer.refresh_from_db()
    assert answer.complaint_id is not None
    assess_complaint(actor=SYSTEM, complaint_id=answer.complaint_id)
    acknowledge(complaint_id=answer.complaint_id)
    complaint = access_complaint(actor(lena), answer.complaint_id)
    assert complaint.label == "complaint"
    assert not Message.objects.filter(complaint=complaint, direction="out").exists()
    assert list(unread(lena.pk))


def test_the_worker_finds_the_jobs_and_the_clockwork() -> None:
    wanted = {
        "intake.process_webhook",
        "intake.take_up_webhooks",
        "intake.send_survey_invitations",
        "intake.take_up_survey_invitations",
        "intake.register_unhappy_answers",
    }
    assert wanted <= set(app.tasks)
    periodic = {task.task.name for task in app.periodic_registry.periodic_tasks.values()}
    assert {
        "intake.take_up_webhooks",
        "intake.take_up_survey_invitations",
        "intake.register_unhappy_answers",
    } <= periodic


def test_deliveries_are_among_the_figures(house: House) -> None:
    webhook, _ = create_webhook(actor=SYSTEM, key="pbx", channel="phone", unit=house.london, mapping="telephone")
    WebhookDelivery.objects.create(webhook=webhook, replay_key="x", body=b"{}", received_at=clock.now())
    assert b'amends_webhook_deliveries_total{channel="phone",state="received"} 1.0' in exposition()
