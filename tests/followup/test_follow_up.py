"""A day after the resolution we ask how it went, some days later whether it held; an unhappy answer takes the case up again."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, Unit, User
from amends.audit.public import Record
from amends.cases.public import Complaint, Message, Person, move, record_assessment, take
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotAllowed, NotFound
from amends.followup import jobs
from amends.followup.public import (
    AskState,
    CheckIn,
    SurveyInvitation,
    answer_check_in,
    answer_survey,
    keep_personal_line,
    send_check_in_now,
    send_due,
    token_of,
)
from amends.followup.rules import check_in_due, is_unhappy, survey_due
from amends.notifications.public import Notification

RESOLVED = datetime(2026, 3, 2, 14, 0, tzinfo=UTC)  # a Monday


def settle(complaint: Complaint, at: datetime = RESOLVED) -> None:
    with clock.frozen_at(at):
        move(
            actor=SYSTEM, complaint_id=complaint.pk, action="resolve", outcome="upheld", reason="Replaced the speaker."
        )


@pytest.fixture
def settled(house: House, alice: User, lena: User) -> Complaint:
    """A case of Alice's, resolved on Monday at two."""
    with clock.frozen_at(RESOLVED - timedelta(days=3)):
        complaint = new_complaint(house.london)
        take(actor=actor(alice), complaint_id=complaint.pk)
    settle(complaint)
    return complaint


def run(at: datetime) -> int:
    with clock.frozen_at(at):
        return send_due()


def letters(complaint: Complaint, kind: str) -> list[Message]:
    return list(Message.objects.filter(complaint=complaint, kind=kind))


# planning


@pytest.mark.parametrize(
    ("resolved", "zone", "due"),
    [
        ("2026-03-02T14:00", "Europe/London", "2026-03-03T14:00"),
        ("2026-03-02T05:00", "Europe/London", "2026-03-03T09:00"),
        ("2026-03-02T20:00", "Europe/London", "2026-03-04T09:00"),
        ("2026-03-02T17:59", "Europe/London", "2026-03-03T17:59"),
        ("2026-03-28T08:30", "Europe/Berlin", "2026-03-29T09:30"),
        ("2026-10-24T20:00", "Europe/Berlin", "2026-10-26T09:00"),
        ("2026-03-02T12:00", "Pacific/Auckland", "2026-03-04T09:00"),
    ],
)
def test_the_survey_is_due_a_day_later_in_the_daytime(resolved: str, zone: str, due: str) -> None:
    place = ZoneInfo(zone)
    at = datetime.fromisoformat(resolved).replace(tzinfo=place).astimezone(UTC)
    if zone == "Pacific/Auckland":
        at = datetime.fromisoformat(resolved).replace(tzinfo=UTC)
    found = survey_due(at, zone)
    assert timedelta(hours=24) <= found - at <= timedelta(hours=48)
    assert found.astimezone(place).strftime("%Y-%m-%dT%H:%M") == due


def test_every_hour_of_a_week_gives_a_survey_in_the_window() -> None:
    for zone in ("Europe/London", "Europe/Berlin", "Asia/Kolkata", "America/Los_Angeles"):
        for hour in range(24 * 8):
            at = datetime(2026, 3, 25, tzinfo=UTC) + timedelta(hours=hour, minutes=17)
            due = survey_due(at, zone)
            assert timedelta(hours=24) <= due - at <= timedelta(hours=48)
            assert 9 <= due.astimezone(ZoneInfo(zone)).hour < 18
            check = check_in_due(at, zone).astimezone(ZoneInfo(zone))
            assert check.weekday() < 5
            assert check.hour == 10
            assert timedelta(days=5) <= check - at <= timedelta(days=8, hours=1)


def test_a_resolution_plans_both_questions_once(settled: Complaint) -> None:
    survey, check_in = SurveyInvitation.objects.get(), CheckIn.objects.get()
    assert survey.due_at == RESOLVED + timedelta(days=1)
    assert check_in.due_at == datetime(2026, 3, 9, 10, tzinfo=UTC)
    assert (survey.state, check_in.state) == ("planned", "planned")
    assert Record.objects.filter(kind="follow_up_planned").count() == 1


def test_reopening_takes_the_questions_back_and_a_new_resolution_asks_anew(settled: Complaint) -> None:
    with clock.frozen_at(RESOLVED + timedelta(hours=3)):
        move(actor=SYSTEM, complaint_id=settled.pk, action="reopen", reason="They rang again.")
    assert SurveyInvitation.objects.get().state == CheckIn.objects.get().state == "cancelled"
    assert run(RESOLVED + timedelta(days=2)) == 0
    settle(settled, RESOLVED + timedelta(days=3))
    assert SurveyInvitation.objects.filter(state="planned").count() == 1
    assert run(RESOLVED + timedelta(days=5)) == 1


# sending


def test_nothing_goes_out_early_and_each_goes_out_once(settled: Complaint) -> None:
    assert run(RESOLVED + timedelta(hours=23)) == 0
    assert run(RESOLVED + timedelta(hours=24)) == 1
    assert run(RESOLVED + timedelta(hours=25)) == 0
    with clock.frozen_at(RESOLVED + timedelta(hours=26)):
        jobs.send_follow_ups(timestamp=0)
    (letter,) = letters(settled, "survey")
    survey = SurveyInvitation.objects.get()
    assert f"/s/{token_of('survey', survey.key)}/?score=9" in letter.text
    assert "Monday 2 March 2026" in letter.text
    assert letter.to_address == "maya@example.org"
    assert survey.message == letter


def test_the_check_in_comes_in_the_owners_name_with_their_own_line(
    settled: Complaint, alice: User, conny: User
) -> None:
    check_in = CheckIn.objects.get()
    keep_personal_line(actor=actor(alice), check_in_id=check_in.pk, personal="How was your daughter's birthday party?")
    with pytest.raises(NotAllowed):
        keep_personal_line(actor=actor(conny), check_in_id=check_in.pk, personal="x")
    run(RESOLVED + timedelta(days=1))
    assert run(datetime(2026, 3, 9, 10, tzinfo=UTC)) == 1
    (letter,) = letters(settled, "check_in")
    for part in ("Alice Example", "daughter's birthday", "?solved=yes", "?solved=no", "+44 20 7946 0001"):
        assert part in letter.text


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_send_one_letter(house: House, alice: User) -> None:
    with clock.frozen_at(RESOLVED - timedelta(days=1)):
        complaint = new_complaint(house.london)
    settle(complaint)
    counts: list[int] = []

    def work() -> None:
        try:
            counts.append(run(RESOLVED + timedelta(days=1)))
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(5)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sum(counts) == 1
    assert len(letters(complaint, "survey")) == 1


def test_one_letter_that_cannot_be_written_stops_no_other(
    house: House, settled: Complaint, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = new_complaint(house.london, text="Another.")
    settle(other, RESOLVED)
    from amends.followup import sending

    real = sending._send_survey
    broken = SurveyInvitation.objects.get(complaint=settled).pk

    def fail_for_one(complaint: Complaint, survey: SurveyInvitation) -> int:
        if survey.pk == broken:
            raise RuntimeError("boom")
        return real(complaint, survey)

    monkeypatch.setattr(sending, "_send_survey", fail_for_one)
    with pytest.raises(ExceptionGroup, match="1 questions"):
        run(RESOLVED + timedelta(days=1))
    assert len(letters(other, "survey")) == 1
    assert SurveyInvitation.objects.get(pk=broken).state == "planned"
    monkeypatch.undo()
    assert run(RESOLVED + timedelta(days=1, minutes=5)) == 1


def test_a_question_a_week_late_is_not_asked(settled: Complaint) -> None:
    assert run(RESOLVED + timedelta(days=30)) == 0
    assert set(SurveyInvitation.objects.values_list("state", "why_cancelled")) == {("cancelled", "too_late")}


def test_without_an_address_the_owner_phones(house: House, alice: User) -> None:
    with clock.frozen_at(RESOLVED - timedelta(days=1)):
        complaint = new_complaint(house.london, complainant=Person(name="Ann", phone="020"))
        take(actor=actor(alice), complaint_id=complaint.pk)
    settle(complaint)
    for day in range(9):
        assert run(RESOLVED + timedelta(days=day)) == 0
    assert SurveyInvitation.objects.get().why_cancelled == "no_address"
    assert CheckIn.objects.get().state == "by_phone"
    assert Notification.objects.filter(user=alice, kind="check_in_yourself").count() == 1
    answer_check_in(actor=actor(alice), check_in_id=CheckIn.objects.get().pk, solved=True, words="All good, she says.")
    complaint.refresh_from_db()
    assert complaint.phase == "followed_up"


def test_after_a_matter_of_safety_nobody_gets_a_survey(house: House, alice: User) -> None:
    with clock.frozen_at(RESOLVED - timedelta(days=1)):
        complaint = new_complaint(house.london)
        record_assessment(actor=SYSTEM, complaint_id=complaint.pk, values={"safety": True})
        take(actor=actor(alice), complaint_id=complaint.pk)
    settle(complaint)
    assert not SurveyInvitation.objects.exists()
    assert run(datetime(2026, 3, 9, 11, tzinfo=UTC)) == 0
    assert CheckIn.objects.get().state == "by_phone"


# answering


def survey_of(complaint: Complaint) -> SurveyInvitation:
    run(RESOLVED + timedelta(days=1))
    return SurveyInvitation.objects.get(complaint=complaint)


def check_in_of(complaint: Complaint) -> CheckIn:
    survey_of(complaint)
    run(datetime(2026, 3, 9, 10, tzinfo=UTC))
    return CheckIn.objects.get(complaint=complaint)


def path(question: SurveyInvitation | CheckIn) -> str:
    survey = isinstance(question, SurveyInvitation)
    return f"/{'s' if survey else 'c'}/{token_of('survey' if survey else 'check-in', question.key)}/"


def test_opening_the_link_of_the_mail_counts_for_nothing(client: Client, settled: Complaint) -> None:
    survey = survey_of(settled)
    for _ in range(3):
        page = client.get(path(survey) + "?score=2")
        assert page.status_code == 200
    assert 'value="2" checked' in page.content.decode()
    survey.refresh_from_db()
    assert survey.state == "sent"
    settled.refresh_from_db()
    assert settled.phase == "resolved"


def test_an_unhappy_answer_takes_the_case_up_again_once(client: Client, settled: Complaint, alice: User) -> None:
    survey = survey_of(settled)
    words = {"score": "3", "effort": "5", "words": "It crackles again, and nobody rang."}
    for _ in range(2):
        page = client.post(path(survey), words)
        assert page.status_code == 200
    assert "taken your complaint up again" in page.content.decode()
    settled.refresh_from_db()
    assert settled.phase == "investigating"
    assert settled.waiting_for_us_since is not None
    (message,) = letters(settled, "survey")[1:] or [None]
    assert message is not None
    assert message.direction == "in"
    assert message.text == words["words"]
    assert len(letters(settled, "reopened")) == 1
    assert Notification.objects.filter(user=alice, kind="not_settled").count() == 1
    survey.refresh_from_db()
    assert (survey.state, survey.score, survey.effort) == ("answered", 3, 5)
    assert CheckIn.objects.get().state == "cancelled"
    record = Record.objects.get(kind="survey_answered")
    assert "crackles" not in str(record.data)


def test_a_happy_answer_settles_nothing_but_the_question(client: Client, settled: Complaint, alice: User) -> None:
    survey = survey_of(settled)
    assert "helps us" in client.post(path(survey), {"score": "9", "words": "Thank Bob!"}).content.decode()
    settled.refresh_from_db()
    assert settled.phase == "resolved"
    assert CheckIn.objects.get().state == "planned"
    assert Notification.objects.filter(user=alice, kind="survey_words").count() == 1
    assert len(letters(settled, "reopened")) == 0


@pytest.mark.parametrize("score", ["", "11", "-1", "x", "\x00", "5.5", "²", "9" * 400])
def test_a_score_that_is_none_is_asked_for_again(client: Client, settled: Complaint, score: str) -> None:
    survey = survey_of(settled)
    answer = client.post(path(survey), {"score": score, "words": "I was saying"})
    assert answer.status_code == 422
    assert "I was saying" in answer.content.decode()
    survey.refresh_from_db()
    assert survey.score is None


def test_words_without_end_are_refused(client: Client, settled: Complaint) -> None:
    survey = survey_of(settled)
    assert client.post(path(survey), {"score": "2", "words": "x" * 30_000}).status_code == 422


@pytest.mark.parametrize("kind", ["s", "c"])
@pytest.mark.parametrize("token", ["x", f"{'0' * 32}.{'a' * 24}", "%00"])
def test_a_wrong_link_is_not_found(client: Client, settled: Complaint, kind: str, token: str) -> None:
    assert client.get(f"/{kind}/{token}/").status_code == 404
    assert client.post(f"/{kind}/{token}/", {"score": "1", "solved": "no"}).status_code == 404


def test_a_link_of_one_kind_opens_nothing_of_the_other(client: Client, settled: Complaint) -> None:
    survey = survey_of(settled)
    assert client.get(f"/c/{token_of('survey', survey.key)}/").status_code == 404
    assert client.get(f"/s/{token_of('check-in', survey.key)}/").status_code == 404
    assert client.get(f"/p/{token_of('survey', survey.key)}/").status_code == 404


def test_still_solved_follows_the_case_up(client: Client, settled: Complaint) -> None:
    check_in = check_in_of(settled)
    assert 'value="yes" required checked' in client.get(path(check_in) + "?solved=yes").content.decode()
    settled.refresh_from_db()
    assert settled.phase == "resolved"
    for _ in range(2):
        client.post(path(check_in), {"solved": "yes"})
    settled.refresh_from_db()
    assert settled.phase == "followed_up"
    assert Record.objects.filter(kind="check_in_answered").count() == 1


def test_not_solved_takes_the_case_up_again(client: Client, settled: Complaint, alice: User) -> None:
    check_in = check_in_of(settled)
    assert client.post(path(check_in), {"solved": ""}).status_code == 422
    client.post(path(check_in), {"solved": "no", "words": "Silent again."})
    settled.refresh_from_db()
    assert settled.phase == "investigating"
    assert Message.objects.filter(complaint=settled, direction="in", text="Silent again.").exists()


def test_a_closed_case_is_taken_up_again_too(client: Client, settled: Complaint) -> None:
    check_in = check_in_of(settled)
    move(actor=SYSTEM, complaint_id=settled.pk, action="close")
    client.post(path(check_in), {"solved": "no"})
    settled.refresh_from_db()
    assert settled.phase == "investigating"


def test_whoever_does_not_answer_for_a_week_has_no_more_to_say(client: Client, settled: Complaint) -> None:
    check_in = check_in_of(settled)
    run(datetime(2026, 3, 16, 9, tzinfo=UTC))
    settled.refresh_from_db()
    assert settled.phase == "resolved"
    run(datetime(2026, 3, 16, 10, tzinfo=UTC))
    run(datetime(2026, 3, 16, 11, tzinfo=UTC))
    settled.refresh_from_db()
    check_in.refresh_from_db()
    assert (settled.phase, check_in.state) == ("followed_up", "lapsed")
    client.post(path(check_in), {"solved": "no", "words": "Sorry, I was away. It is broken."})
    settled.refresh_from_db()
    assert settled.phase == "investigating"


def test_a_cancelled_question_cannot_be_answered(client: Client, settled: Complaint) -> None:
    check_in = CheckIn.objects.get()
    move(actor=SYSTEM, complaint_id=settled.pk, action="reopen", reason="They rang.")
    page = client.post(path(check_in), {"solved": "no", "words": "x"})
    assert "settled already" in page.content.decode()
    assert CheckIn.objects.get().state == "cancelled"


def test_the_database_refuses_half_an_answer(settled: Complaint) -> None:
    survey = SurveyInvitation.objects.get()
    for values in ({"state": "answered"}, {"score": 5}, {"state": "sent"}, {"state": "perhaps"}):
        with pytest.raises(IntegrityError), transaction.atomic():
            SurveyInvitation.objects.filter(pk=survey.pk).update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        SurveyInvitation.objects.create(complaint=settled, resolved_at=survey.resolved_at, due_at=survey.due_at)


# staff and programs


def test_only_those_who_see_the_case_can_answer_or_send(settled: Complaint, charlie: User, alice: User) -> None:
    survey, check_in = SurveyInvitation.objects.get(), CheckIn.objects.get()
    outsider = actor(charlie)
    for verb, values in (
        (answer_survey, {"survey_id": survey.pk, "score": 1}),
        (answer_check_in, {"check_in_id": check_in.pk, "solved": False}),
        (send_check_in_now, {"check_in_id": check_in.pk}),
        (keep_personal_line, {"check_in_id": check_in.pk, "personal": "x"}),
    ):
        with pytest.raises(NotFound):
            verb(actor=outsider, **values)  # type: ignore[operator]  # a table of verbs
    with pytest.raises(BadInput):
        answer_survey(actor=actor(alice), survey_id=survey.pk, score=11)
    send_check_in_now(actor=actor(alice), check_in_id=check_in.pk)
    with pytest.raises(Conflict):
        send_check_in_now(actor=actor(alice), check_in_id=check_in.pk)


def test_the_panel_shows_and_records_and_outsiders_get_404(
    client: Client, settled: Complaint, alice: User, charlie: User
) -> None:
    check_in = CheckIn.objects.get()
    base = f"/cases/{settled.reference}/check-ins/{check_in.pk}"
    client.force_login(charlie)
    for rest in ("send/", "answer/"):
        assert client.post(f"{base}/{rest}", {"solved": "yes"}).status_code == 404
    client.force_login(alice)
    kept = client.post(f"{base}/send/", {"personal": "A line", "when": "later"}, headers={"HX-Request": "true"})
    assert kept.status_code == 200
    assert "A line" in kept.content.decode()
    sent = client.post(f"{base}/send/", {"personal": "A line", "when": "now"}, headers={"HX-Request": "true"})
    assert "Record what they said" in sent.content.decode()
    assert client.post(f"{base}/answer/", {"solved": "perhaps"}).status_code == 422
    done = client.post(f"{base}/answer/", {"solved": "yes", "words": "fine"}, headers={"HX-Request": "true"})
    assert "solved" in done.content.decode()
    other = new_complaint(Unit.objects.get(key="london"), text="Other")
    assert (
        client.post(f"/cases/{other.reference}/check-ins/{check_in.pk}/answer/", {"solved": "yes"}).status_code == 404
    )


def test_the_api_shows_and_takes_answers(client: Client, settled: Complaint, token: str) -> None:
    survey = survey_of(settled)
    headers = {"Authorization": f"Bearer {token}"}

    def post(where: str, body: dict[str, Any]) -> Any:
        return client.post(f"/api/v1/{where}", data=json.dumps(body), content_type="application/json", headers=headers)

    assert post(f"surveys/{survey.pk}/answer", {"score": 12}).status_code == 422
    assert post(f"surveys/{survey.pk}/answer", {"score": 8, "words": "ok"}).json()["score"] == 8
    assert post("surveys/999999/answer", {"score": 8}).status_code == 404
    check_in = CheckIn.objects.get()
    assert post(f"check-ins/{check_in.pk}/send", {"personal": "Hello"}).json()["state"] == "sent"
    assert post(f"check-ins/{check_in.pk}/answer", {"solved": True}).json()["solved"] is True
    shown = client.get(f"/api/v1/complaints/{settled.reference}", headers=headers).json()["followup"]
    assert shown["survey"]["score"] == 8
    assert shown["check_in"]["state"] == AskState.ANSWERED


def test_what_counts_as_unhappy() -> None:
    assert [score for score in range(11) if is_unhappy(score)] == [0, 1, 2, 3, 4, 5, 6]
