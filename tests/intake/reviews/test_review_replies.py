"""Public replies: one, whatever crashes; nothing private in them; states that staff can see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.intake.reviews.servers import BEGIN, Google, MastodonServer, PlayServer, Said, TrustpilotServer
from tests.intake.reviews.test_review_storage import fetch
from tests.people import actor

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Customer, Message, claim_for_sending, queue_message
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, Conflict, NotAllowed, NotFound, Refused
from amends.intake.channels.reviews import jobs, posting
from amends.intake.channels.reviews.connectors.base import connectors
from amends.intake.channels.reviews.models import Mention, PublicReply, ReviewSource
from amends.intake.channels.reviews.replying import next_number, write_public_reply
from amends.intake.channels.reviews.rules import (
    Private,
    is_failing,
    next_full_sweep,
    pause_after,
    shown_in_public,
    unhappy_by,
)
from amends.intake.channels.reviews.wording import draft

Serve = Callable[[type[Any]], Any]
SourceOf = Callable[..., ReviewSource]
LATER = BEGIN + timedelta(days=10)
WORDS = "Hello, I am sorry. Please write to us at https://shop.example/help so that we can put it right."


def mention_of(server: Any, source: ReviewSource) -> Mention:
    """A stored unhappy review with its case."""
    server.add(1)
    with clock.frozen_at(LATER):
        fetch(source)
    mention = Mention.objects.get()
    assert mention.complaint is not None
    return mention


def written(mention: Mention, by: User, text: str = WORDS) -> Message:
    """A queued reply."""
    return write_public_reply(actor=actor(by), mention_id=mention.pk, text=text, number=next_number(mention))


@pytest.mark.parametrize(
    ("kind", "server_kind"),
    [
        ("google_business", Google),
        ("trustpilot", TrustpilotServer),
        ("play_store", PlayServer),
        ("mastodon", MastodonServer),
    ],
)
def test_a_reply_is_posted_by_the_same_connector(
    serve: Serve, source_of: SourceOf, alice: User, kind: str, server_kind: type[Any]
) -> None:
    server = serve(server_kind)
    mention = mention_of(server, source_of(kind, server))
    message = written(mention, alice)
    job = ProcrastinateJob.objects.get(task_name="intake.post_reply")
    assert job.args == {"message_id": message.pk}
    assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    mention.refresh_from_db()
    assert (message.state, message.kind, message.channel) == ("sent", "public_reply", "review")
    assert mention.answered_at is not None
    assert posted(server) == [WORDS]
    assert posting.deliver_reply(message_id=message.pk) is None
    assert posted(server) == [WORDS]


def posted(server: Any) -> list[str]:
    """Our replies as they stand there."""
    if isinstance(server, Google):
        return [one["reviewReply"]["comment"] for one in server.reviews.values() if "reviewReply" in one]
    if isinstance(server, TrustpilotServer):
        return [one["companyReply"]["text"] for one in server.reviews.values() if one["companyReply"]] * server.posts
    if isinstance(server, PlayServer):
        return [
            one["comments"][1]["developerComment"]["text"]
            for one in server.reviews.values()
            if len(one["comments"]) > 1
        ]
    return [one["content"].removeprefix("<p>@p1@far.example ").removesuffix("</p>") for one in server.ours()]


@pytest.mark.parametrize(("kind", "server_kind"), [("trustpilot", TrustpilotServer), ("mastodon", MastodonServer)])
def test_a_reply_whose_answer_was_lost_is_found_and_not_posted_again(
    serve: Serve, source_of: SourceOf, alice: User, kind: str, server_kind: type[Any]
) -> None:
    server = serve(server_kind)
    mention = mention_of(server, source_of(kind, server))
    message = written(mention, alice)
    working, first = server.handle, []

    def breaking(asked: Any) -> Said:
        said: Said = working(asked)
        if asked.method == "POST" and "accesstoken" not in asked.path and not first:
            first.append(asked)
            return Said(502, b"<html>bad gateway")
        return said

    server.handle = breaking
    again_at = posting.deliver_reply(message_id=message.pk)
    assert again_at is not None
    message.refresh_from_db()
    assert (message.state, message.attempts) == ("queued", 1)
    assert "502" in message.state_reason
    with clock.frozen_at(again_at + timedelta(seconds=1)):
        assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    assert message.state == "sent"
    assert posted(server) == [WORDS]
    assert len(first) == 1


@pytest.mark.parametrize(
    ("kind", "server_kind"),
    [
        ("google_business", Google),
        ("trustpilot", TrustpilotServer),
        ("play_store", PlayServer),
        ("mastodon", MastodonServer),
    ],
)
@pytest.mark.parametrize("where", ["before it is posted", "after it is posted"])
def test_a_worker_that_dies_leaves_one_reply(
    serve: Serve,
    source_of: SourceOf,
    alice: User,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    server_kind: type[Any],
    where: str,
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_given: Any, **_named: Any) -> Any:
        raise Killed

    server = serve(server_kind)
    mention = mention_of(server, source_of(kind, server))
    message = written(mention, alice)
    with monkeypatch.context() as patched:
        if where == "before it is posted":
            patched.setattr(posting, "_posted", killed)
        else:
            patched.setattr(posting, "mark_sent", killed)
        with pytest.raises(Killed):
            posting.deliver_reply(message_id=message.pk)
    message.refresh_from_db()
    assert message.state == "sending"
    with clock.frozen_at(clock.now() + timedelta(minutes=5)):
        assert posting.left_behind() == [message.pk]
        assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    assert message.state == "sent"
    assert posted(server) == [WORDS]


def test_a_refusal_fails_in_words_and_a_second_attempt_has_its_own_number(
    serve: Serve, source_of: SourceOf, alice: User
) -> None:
    server = serve(TrustpilotServer)
    mention = mention_of(server, source_of("trustpilot", server))
    message = written(mention, alice)
    server.faults = [Said(400, {"message": "no"})]
    assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    assert (message.state, message.state_reason) == ("failed", "The other side refuses what we ask (answer 400).")
    second = written(mention, alice)
    assert posting.deliver_reply(message_id=second.pk) is None
    assert list(PublicReply.objects.order_by("number").values_list("number", "message__state")) == [
        (1, "failed"),
        (2, "sent"),
    ]


def test_a_limit_is_waited_for_and_a_day_of_trouble_is_given_up(serve: Serve, source_of: SourceOf, alice: User) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    message = written(mention, alice)
    moment = clock.now()
    with clock.frozen_at(moment):
        server.faults = [Said(429, {}, {"Retry-After": "900"})]
        at = posting.deliver_reply(message_id=message.pk)
        assert at is not None
        assert at >= moment + timedelta(seconds=900)
    attempts = 1
    while at is not None:
        with clock.frozen_at(at):
            server.faults = [Said(500, {})]
            at = posting.deliver_reply(message_id=message.pk)
        attempts += 1
        assert attempts < 30
    message.refresh_from_db()
    assert message.state == "failed"
    assert "Given up" in message.state_reason
    assert posted(server) == []


def test_a_review_deleted_before_the_reply_is_marked_gone(serve: Serve, source_of: SourceOf, alice: User) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    message = written(mention, alice)
    server.reviews.clear()
    assert posting.deliver_reply(message_id=message.pk) is None
    message.refresh_from_db()
    mention.refresh_from_db()
    assert message.state == "failed"
    assert mention.gone_at is not None
    with pytest.raises(Refused):
        written(mention, alice)


def test_pressing_twice_and_answering_at_the_same_time_is_one_reply(
    serve: Serve, source_of: SourceOf, alice: User, lena: User
) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    written(mention, alice)
    for number in (1, 2):
        with pytest.raises(Conflict):
            write_public_reply(actor=actor(lena), mention_id=mention.pk, text=WORDS, number=number)
    assert Message.objects.filter(kind="public_reply").count() == 1


def test_a_place_that_lets_no_reply_be_changed_is_answered_once(serve: Serve, source_of: SourceOf, alice: User) -> None:
    server = serve(TrustpilotServer)
    mention = mention_of(server, source_of("trustpilot", server))
    posting.deliver_reply(message_id=written(mention, alice).pk)
    with pytest.raises(Conflict):
        written(mention, alice, "Another")
    google = serve(Google)
    google.add(2)
    source = source_of("google_business", google)
    with clock.frozen_at(LATER):
        fetch(source)
    other = Mention.objects.get(source=source)
    posting.deliver_reply(message_id=written(other, alice).pk)
    posting.deliver_reply(message_id=written(other, alice, "We have changed our mind").pk)
    assert posted(google) == ["We have changed our mind"]


def test_only_who_works_on_the_case_replies(serve: Serve, source_of: SourceOf, charlie: User, conny: User) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    with pytest.raises(NotFound):
        written(mention, charlie)
    with pytest.raises(NotAllowed):
        written(mention, conny)


def test_a_message_by_this_channel_that_is_no_reply_fails_and_posts_nothing(serve: Serve, source_of: SourceOf) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    assert mention.complaint_id is not None
    message = queue_message(
        actor=SYSTEM, complaint_id=mention.complaint_id, kind="message", channel="review", subject="", text="Private!"
    )
    assert message is not None
    assert jobs.post_reply(message_id=message.pk) == "done"
    message.refresh_from_db()
    assert (message.state, message.state_reason) == ("failed", posting.NOT_OURS)
    assert posted(server) == []


def test_a_reply_in_sending_whose_worker_lives_is_left_alone(serve: Serve, source_of: SourceOf, alice: User) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    message = written(mention, alice)
    assert claim_for_sending(message_id=message.pk) is not None
    assert claim_for_sending(message_id=message.pk) is None


PRIVATE = [
    "Hello Maya, we wrote to maya.okafor@example.org",
    "We tried +44 7700 900123",
    "We tried 07700 900123",
    "We tried 07700-900-123 twice",
    "Your account AC 77-1234",
    "Your case {reference}",
    "Your case {spaced}",
    "See https://shop.example/p/abcdefgh1234/",
    "Order NL-55012 is on its way",
    "We sent it to 12 Acacia Avenue",
    "Dear Maya Okafor-Legal",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_nothing_private_of_the_case_gets_into_public(
    serve: Serve, source_of: SourceOf, alice: User, text: str
) -> None:
    server = serve(Google)
    mention = mention_of(server, source_of("google_business", server))
    case = mention.complaint
    assert case is not None
    Customer.objects.filter(pk=case.customer_id).update(
        name="Maya Okafor-Legal",
        email="maya.okafor@example.org",
        phone="+44 7700 900123",
        account_number="AC-771234",
        address="12 Acacia Avenue\nLeeds",
    )
    Complaint.objects.filter(pk=case.pk).update(attributes=case.attributes | {"order": "NL-55012"})
    reference = case.reference or ""
    with pytest.raises(BadInput, match="private"):
        written(mention, alice, text.format(reference=reference.lower(), spaced=reference.replace("-", " ")))
    assert Message.objects.filter(kind="public_reply").count() == 0


@pytest.mark.parametrize(
    ("text", "says"), [("", "Write something"), ("  \x00 ", "Write something"), ("x" * 351, "350")]
)
def test_an_empty_or_too_long_reply_is_refused(
    serve: Serve, source_of: SourceOf, alice: User, text: str, says: str
) -> None:
    server = serve(PlayServer)
    mention = mention_of(server, source_of("play_store", server))
    with pytest.raises(BadInput, match=says):
        written(mention, alice, text)


def test_the_own_way_of_contact_may_stand_in_public() -> None:
    contact = "help@shop.example or +44 20 7946 0000"
    private = [Private("phone number", "+44 20 7946 0000"), Private("e-mail address", "maya@example.org")]
    assert shown_in_public(f"Write to {contact}", private, allowed=contact) == []
    assert shown_in_public("Write to +44 20 7946 0000", private) == ["phone number"]


@pytest.mark.parametrize("language", ["en", "de", "fr"])
@pytest.mark.parametrize("limit", [200, 350, 450, 4000])
def test_the_draft_thanks_names_the_way_and_fits(language: str, limit: int) -> None:
    text = draft(language=language, name="Maya", contact="https://shop.example/help", limit=limit)
    assert len(text) <= limit
    assert "https://shop.example/help" in text
    assert ("danke" in text) == (language == "de")
    assert "Maya" not in draft(language=language, name="", contact="x", limit=limit)


def test_stars_decide_before_words() -> None:
    assert unhappy_by(rating=2, threshold=3, label="other") == "rating"
    assert unhappy_by(rating=5, threshold=3, label="complaint") == ""
    assert unhappy_by(rating=None, threshold=3, label="concern") == "words"
    assert unhappy_by(rating=None, threshold=3, label="other") == ""


def test_pauses_double_with_jitter_and_never_undercut_what_was_asked_for() -> None:
    plain = [pause_after(kind="temporary", failures=one, wanted=None, chance=0) for one in range(1, 12)]
    assert plain[:4] == [60, 120, 240, 480]
    assert plain[-1] == 6 * 3600
    assert pause_after(kind="temporary", failures=1, wanted=None, chance=1) == 30
    assert pause_after(kind="rate_limited", failures=1, wanted=900, chance=0.5) >= 900
    assert pause_after(kind="token", failures=1, wanted=None, chance=0) == 1800
    assert pause_after(kind="temporary", failures=10**9, wanted=None, chance=0) == 6 * 3600


def test_when_a_source_is_failing_and_when_all_is_read_again() -> None:
    assert is_failing(kind="token", failures=1)
    assert not is_failing(kind="temporary", failures=2)
    assert is_failing(kind="temporary", failures=3)
    assert not is_failing(kind="token", failures=0)
    assert next_full_sweep(last=None, now=LATER)
    assert not next_full_sweep(last=LATER - timedelta(hours=23), now=LATER)


def test_each_connector_says_what_it_can_and_asks_for_its_secrets() -> None:
    assert {one.key for one in connectors} == {
        "google_business", "trustpilot", "app_store", "play_store", "feed", "mastodon", "csv",
    }  # fmt: skip
    for one in connectors:
        assert one.capabilities.replies == (one.capabilities.reply_limit > 0)
        assert all(setting.label for setting in one.wanted)


def test_refusals_are_sentences(serve: Serve, source_of: SourceOf, alice: User) -> None:
    source = source_of("csv")
    mention = Mention.objects.create(
        source=source, external_id="1", text="x", digest="d", first_seen_at=LATER, seen_at=LATER
    )
    with pytest.raises(AmendsError, match="takes no replies"):
        written(mention, alice)
