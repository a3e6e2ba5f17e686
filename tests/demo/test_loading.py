"""The demo company gets into the system through the verbs of the pages, once, and nothing of it ever leaves the machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test import override_settings

from amends.accounts.public import SYSTEM, Unit, UnitKind, User, create_unit
from amends.audit.public import verify
from amends.cases.public import Complaint, IntakeKey, Message, MessageState, messages_of, points_of
from amends.cli import demo
from amends.cli.demo_company import founding, model, playing, staging, telling, wording
from amends.cli.demo_company.content import company, stories
from amends.clocks.public import Clock
from amends.core import clock
from amends.core.errors import Conflict
from amends.followup.public import SurveyInvitation
from amends.handling.public import Promise, PromiseState, Proposal, ProposalState
from amends.notifications.public import Notification
from amends.review.public import CorrectiveAction, RootCause

NOW = datetime(2026, 5, 20, 14, 30, tzinfo=UTC)
CHOSEN = (
    *(
        "tally-raman-wrist",
        "tally-asante-returned",
        "tally-gruenewald-offen",
        "tally-okonkwo-blister",
        "tally-lund-sync",
    ),
    *(
        "tally-bains-lawyer",
        "tally-dewhurst-dispute",
        "piper-blakeway-open",
        "glide-moebius-karte",
        "quill-pinnock-declined",
    ),
    *("campaign-immenhof-heute", "withdrawn-casey-found", "outside-uhlig-makler", "comm-eckstein-open", "en-piper-3"),
    *("de-billing-4", "en-tally-update-12", "service-wharton-now"),
)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[model.Story]:
    """Some stories of every kind: all of them take a minute."""
    chosen = [story for story in stories(NOW) if story.key in CHOSEN]
    assert len(chosen) == len(CHOSEN)
    monkeypatch.setattr(
        telling, "stories", lambda now: chosen if now == NOW else pytest.fail("not the anchored moment")
    )
    return chosen


@pytest.fixture
def at_noon() -> Iterator[None]:
    with clock.frozen_at(NOW):
        yield


def complaint_of(key: str) -> Complaint:
    return IntakeKey.objects.select_related("complaint").get(source="demo", key=key).complaint


@pytest.fixture
def loaded(db: None, few: list[model.Story], at_noon: None, capsys: pytest.CaptureFixture[str]) -> str:
    assert demo.load(NOW, processes=1) == 0
    return capsys.readouterr().out


def each_story_ends_in_its_phase(few: list[model.Story]) -> None:
    for story in few:
        expected = "registered" if story.phase == "received" else story.phase
        assert complaint_of(story.key).phase == expected, story.key


def nothing_waits_to_leave(_few: list[model.Story]) -> None:
    assert not Message.objects.filter(state__in=[MessageState.QUEUED, MessageState.SENDING]).exists()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM procrastinate_jobs")
        assert cursor.fetchone() == (0,)


def everything_happened_when_it_is_told_and_nothing_after_now(few: list[model.Story]) -> None:
    story = next(one for one in few if one.key == "tally-raman-wrist")
    complaint = complaint_of(story.key)
    resolved = next(event for event in story.events if isinstance(event, model.Resolved))
    assert complaint.received_at == story.received_at
    assert complaint.registered_at == story.received_at
    assert complaint.resolved_at == resolved.at
    assert not Message.objects.filter(at__gt=NOW).exists()
    times = [message.at for message in messages_of(complaint)]
    assert min(times) == story.received_at


def the_whole_journey_leaves_its_traces(_few: list[model.Story]) -> None:
    complaint = complaint_of("tally-raman-wrist")
    assert complaint.tier == 2
    assert complaint.owner is not None
    assert complaint.owner.name == "Ruth Lindqvist"
    assert Proposal.objects.get(complaint=complaint).state == ProposalState.ACCEPTED
    assert {one.state for one in Promise.objects.filter(complaint=complaint)} == {PromiseState.KEPT}
    assert RootCause.objects.get(complaint=complaint).cause == "software_fault"
    assert CorrectiveAction.objects.filter(complaint=complaint).exists()
    points = points_of(complaint)
    assert all(point.confirmed_at for point in points)
    assert any("34 minutes of music" in point.words for point in points)


def late_promises_are_broken_and_told_ones_explained(_few: list[model.Story]) -> None:
    broken = Promise.objects.get(complaint=complaint_of("tally-asante-returned"), state=PromiseState.BROKEN)
    assert broken.done_at is not None
    assert Promise.objects.filter(
        complaint=complaint_of("tally-dewhurst-dispute"), state=PromiseState.EXPLAINED
    ).exists()


def an_unhappy_answer_took_a_case_up_again(_few: list[model.Story]) -> None:
    complaint = complaint_of("tally-asante-returned")
    first, second = SurveyInvitation.objects.filter(complaint=complaint).order_by("resolved_at")
    assert first.score == 5
    assert second.resolved_at == complaint.resolved_at


def a_large_amount_waits_for_approval_unseen_by_the_customer(_few: list[model.Story]) -> None:
    complaint = complaint_of("piper-blakeway-open")
    assert Proposal.objects.get(complaint=complaint).state == ProposalState.AWAITING_APPROVAL
    assert not Message.objects.filter(complaint=complaint, kind="proposal").exists()


def a_declined_proposal_is_followed_by_a_better_one(_few: list[model.Story]) -> None:
    states = Proposal.objects.filter(complaint=complaint_of("quill-pinnock-declined")).order_by("number")
    assert list(states.values_list("state", flat=True)) == [ProposalState.DECLINED, ProposalState.ACCEPTED]


def a_son_speaks_for_his_mother(_few: list[model.Story]) -> None:
    complaint = complaint_of("tally-bains-lawyer")
    assert complaint.customer.name == "Surinder Bains"
    assert complaint.representative is not None
    assert complaint.representative.name == "Harpreet Bains"


def clocks_run_are_close_and_have_passed(_few: list[model.Story]) -> None:
    running = Clock.objects.filter(stopped_at=None)
    assert running.filter(breached_at=None).exists()
    assert running.filter(warned_at__isnull=False, breached_at=None).exists()
    assert running.filter(breached_at__isnull=False).exists()


def only_fresh_news_is_unread(_few: list[model.Story]) -> None:
    unread = Notification.objects.filter(read_at=None)
    assert unread.exists()
    assert unread.count() < Notification.objects.count() / 2


def references_follow_the_days(few: list[model.Story]) -> None:
    numbers = [complaint_of(story.key).reference for story in few]
    assert numbers == sorted(str(number) for number in numbers)


def the_record_is_whole(_few: list[model.Story]) -> None:
    assert verify().whole


def test_the_second_run_changes_nothing(loaded: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = (Complaint.objects.count(), Message.objects.count(), User.objects.count())
    with clock.frozen_at(NOW + timedelta(days=3)):
        assert demo.load() == 0
    assert (Complaint.objects.count(), Message.objects.count(), User.objects.count()) == before
    assert "complaints told" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("gave up after 34 minutes", "I gave up after 34 minutes of music", True),
        ("the battery lasts five hours", "battery only lasts five hours now", True),
        ("who does not use e-mail", "The charging puck had scorched the topper", False),
    ],
)
def test_quotations_of_the_same_thing_are_recognised(one: str, other: str, same: bool) -> None:
    assert wording.overlap(one, other) is same


def test_a_load_that_was_killed_goes_on_where_it_stopped(
    db: None, few: list[model.Story], at_noon: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    played = playing.Play.proposed

    def killed(play: playing.Play, event: model.Proposed) -> None:
        if play.story.key == "glide-moebius-karte":
            raise KeyboardInterrupt
        played(play, event)

    monkeypatch.setitem(playing._HANDLERS, model.Proposed, killed)
    with pytest.raises(KeyboardInterrupt):
        demo.load(NOW, processes=1)
    assert 0 < len(staging.told_already()) < len(few)
    assert complaint_of("glide-moebius-karte").phase == "registered"
    monkeypatch.setitem(playing._HANDLERS, model.Proposed, played)
    with clock.frozen_at(NOW + timedelta(days=1)):
        assert demo.load(processes=1) == 0
    assert Complaint.objects.count() == len(few)
    assert (
        complaint_of("glide-moebius-karte").phase == "followed_up"
        or complaint_of("glide-moebius-karte").phase == "closed"
    )


def test_a_refused_story_is_named_and_stops_no_other(
    db: None, few: list[model.Story], at_noon: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(_play: playing.Play, _event: model.Withdrawn) -> None:
        raise Conflict("No.")

    monkeypatch.setitem(playing._HANDLERS, model.Withdrawn, refused)
    assert demo.load(NOW, processes=1) == 1
    assert "withdrawn-casey-found could not be told: No." in capsys.readouterr().err
    assert staging.told_already() == {story.key for story in few} - {"withdrawn-casey-found"}
    assert founding.finished_at() is None


def test_an_organisation_of_ones_own_is_left_alone(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    create_unit(
        actor=SYSTEM, key="mine", name="Mine", parent=None, kind=UnitKind.ORGANISATION, timezone="Europe/London"
    )
    assert demo.load(NOW) == 0
    assert not Complaint.objects.exists()
    assert Unit.objects.count() == 1
    assert "organisation of its own" in capsys.readouterr().out


def test_the_password_is_this_installations_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AMENDS_DEMO_PASSWORD", raising=False)
    word = founding.password()
    assert len(word) >= 16
    assert word == founding.password()
    with override_settings(SECRET_KEY="another installation's secret key, long enough for everybody"):
        assert founding.password() != word


def test_the_password_can_be_chosen(
    db: None, few: list[model.Story], at_noon: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AMENDS_DEMO_PASSWORD", "a password for the picture")
    founding.found(NOW)
    assert User.objects.get(email="moira@tarnbrook.example").check_password("a password for the picture")
    demo.print_sign_ins()
    assert "own)" not in capsys.readouterr().out
    monkeypatch.setenv("AMENDS_DEMO_PASSWORD", "another one")
    demo.print_sign_ins()
    assert "has a password of their own" in capsys.readouterr().out


def everybody_sees_what_they_should(_few: list[model.Story]) -> None:
    staff = founding.Staff()
    units = {unit.key: unit.pk for unit in Unit.objects.all()}
    assert not staff.actor("moira").sees_unit(units["shop-leipzig"])
    assert not staff.actor("gareth").sees_unit(units["shop-leeds"])
    assert staff.actor("ruth").sees_unit(units["shop-leipzig"])
    assert all(person.key in staff for person in company().people)


CHECKS = (
    each_story_ends_in_its_phase,
    nothing_waits_to_leave,
    everything_happened_when_it_is_told_and_nothing_after_now,
    the_whole_journey_leaves_its_traces,
    late_promises_are_broken_and_told_ones_explained,
    an_unhappy_answer_took_a_case_up_again,
    a_large_amount_waits_for_approval_unseen_by_the_customer,
    a_declined_proposal_is_followed_by_a_better_one,
    a_son_speaks_for_his_mother,
    clocks_run_are_close_and_have_passed,
    only_fresh_news_is_unread,
    references_follow_the_days,
    the_record_is_whole,
    everybody_sees_what_they_should,
)


def test_after_the_load(loaded: str, few: list[model.Story], subtests: pytest.Subtests) -> None:
    """One load for all that only looks at its result: it takes some seconds."""
    for check in CHECKS:
        with subtests.test(check.__name__):
            check(few)
