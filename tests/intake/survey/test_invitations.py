"""Invitations: one mail for each person, with a link of their own, and nobody too often."""

from __future__ import annotations

import email
import json
import re
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import Envelope
from django.conf import settings
from django.test import Client
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Complaint, claim_for_sending, queue_message
from amends.core import clock
from amends.core.errors import BadInput
from amends.intake.channels.survey import outbox
from amends.intake.channels.survey.models import Survey, SurveyRecipient
from amends.intake.channels.survey.recipients import NewRecipient, add_recipients, read_csv
from amends.intake.channels.survey.surveys import create_survey, set_open

MONDAY = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


class Relay:
    """A relay on loopback that remembers what it took, or refuses."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.raw: list[bytes] = []
        self.answer = "250 OK"

    async def handle_DATA(self, _server: object, _session: object, envelope: Envelope) -> str:
        if self.answer.startswith("250"):
            parsed = email.message_from_bytes(bytes(envelope.content or b""), policy=default)
            assert isinstance(parsed, EmailMessage)
            self.mails.append(parsed)
            self.raw.append(bytes(envelope.content or b""))
        return self.answer


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch) -> Iterator[Relay]:
    """A real SMTP server."""
    handler = Relay()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    monkeypatch.setattr(settings, "EMAIL_HOST", "127.0.0.1")
    monkeypatch.setattr(settings, "EMAIL_PORT", port)
    yield handler
    controller.stop()


@pytest.fixture
def survey(house: House) -> Survey:
    return create_survey(actor=SYSTEM, name="After the visit", unit=house.london, kind="nps")


def add(survey: Survey, *people: NewRecipient) -> Any:
    return add_recipients(actor=SYSTEM, survey_id=survey.pk, people=people)


def test_each_person_gets_one_mail_with_a_link_of_their_own(client: Client, survey: Survey, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org", "Maya Okafor"), NewRecipient("jan@example.org", "Jan", "de"))
    assert outbox.send_due() == 2
    assert outbox.send_due() == 0
    english, german = relay.mails
    assert english["To"] == "maya@example.org"
    assert english["From"].addresses[0].addr_spec == "care@amends.localhost"
    assert english["Auto-Submitted"] == "auto-generated"
    assert english["Message-ID"] != german["Message-ID"]
    text = english.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    assert "Hello Maya Okafor," in text
    assert "How likely are you to recommend Northlight" in text
    link = re.search(r"http\S+/ask/me/\S+/", text)
    assert link is not None
    assert "Guten Tag Jan," in german.get_body(("plain",)).get_content()  # type: ignore[union-attr]  # it has one
    html = english.get_body(("html",)).get_content()  # type: ignore[union-attr]  # it has one
    assert len(re.findall(r"\?score=\d+", html)) == 11
    path = link[0].removeprefix(settings.AMENDS_PUBLIC_URL)
    assert client.get(f"{path}?score=3").status_code == 200
    sent = SurveyRecipient.objects.get(email="maya@example.org")
    assert (sent.state, sent.attempts) == ("sent", 1)


def test_a_relay_that_is_busy_is_asked_again_with_the_same_message_id(survey: Survey, relay: Relay) -> None:
    with clock.frozen_at(MONDAY):
        add(survey, NewRecipient("maya@example.org"))
        relay.answer = "451 later"
        assert outbox.send_due() == 0
        one = SurveyRecipient.objects.get()
        assert (one.state, one.not_before) == ("queued", MONDAY + timedelta(minutes=1))
        first = outbox.composed(one)["Message-ID"]
        relay.answer = "250 OK"
        assert outbox.send_due() == 0, "not before its time"
    with clock.frozen_at(MONDAY + timedelta(minutes=1)):
        assert outbox.send_due() == 1
    assert relay.mails[0]["Message-ID"] == first


def test_a_refusal_for_good_is_the_end(survey: Survey, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org"))
    relay.answer = "550 no such person"
    assert outbox.send_due() == 0
    one = SurveyRecipient.objects.get()
    assert one.state == "failed"
    assert "550" in one.state_reason
    assert "maya" not in one.state_reason


def test_an_interrupted_invitation_is_not_sent_a_second_time_unless_a_person_says_so(
    client: Client, survey: Survey, relay: Relay, lena: User, charlie: User
) -> None:
    add(survey, NewRecipient("maya@example.org"))
    SurveyRecipient.objects.update(state="sending")
    assert outbox.send_due() == 0
    one = SurveyRecipient.objects.get()
    assert one.state == "interrupted"
    assert "may have arrived" in one.state_reason
    assert relay.mails == []
    button = f"/surveys/{survey.pk}/interrupted/"
    client.force_login(charlie)
    assert client.post(button).status_code == 404
    client.force_login(lena)
    assert "1 invitation was interrupted" in client.get(f"/surveys/{survey.pk}/").content.decode()
    assert client.post(button).status_code == 302
    assert outbox.send_due() == 1
    assert client.post(button).status_code == 302
    assert outbox.send_due() == 0
    assert [mail["Message-ID"] for mail in relay.mails] == [outbox.message_id_of(one)]


def test_a_sender_that_is_killed_half_way_leaves_no_second_copy(survey: Survey, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org"), NewRecipient("jan@example.org"))

    class KilledError(BaseException):
        """As when the process is gone: nothing after it runs."""

    real = outbox.hand_over

    def dies(mail: EmailMessage, sender: str, recipient: str) -> None:
        real(mail, sender, recipient)
        raise KilledError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(outbox, "hand_over", dies)
        with pytest.raises(KilledError):
            outbox.send_due()
    for _run in range(3):
        outbox.send_due()
    assert sorted(mail["To"] for mail in relay.mails) == ["jan@example.org", "maya@example.org"]
    assert sorted(SurveyRecipient.objects.values_list("state", flat=True)) == ["interrupted", "sent"]


def test_a_run_has_a_budget(survey: Survey, relay: Relay, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbox, "AT_ONCE", 2)
    add(survey, *(NewRecipient(f"p{number}@example.org") for number in range(3)))
    assert outbox.send_due() == 2
    assert outbox.send_due() == 1


def test_a_closed_survey_sends_nothing(survey: Survey, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org"))
    set_open(actor=SYSTEM, survey_id=survey.pk, open_=False)
    assert outbox.send_due() == 0
    set_open(actor=SYSTEM, survey_id=survey.pk, open_=True)
    assert outbox.send_due() == 1


def test_nobody_is_asked_who_should_not_be(survey: Survey, house: House, complaint: Complaint, relay: Relay) -> None:
    other = create_survey(actor=SYSTEM, name="Another", unit=house.london, kind="nps")
    add(other, NewRecipient("lately@example.org"))
    result = add(
        survey,
        NewRecipient("new@example.org"),
        NewRecipient("NEW@example.org "),
        NewRecipient("no address"),
        NewRecipient("a@b\r\nBcc: c@d"),
        NewRecipient(complaint.customer.email),
        NewRecipient("lately@example.org"),
    )
    assert result.added == 1
    assert [row for row, _ in result.skipped] == [2, 3, 4, 5, 6]
    assert "twice" in result.skipped[0][1]
    assert "open complaint" in result.skipped[3][1]
    assert "30 days" in result.skipped[4][1]
    with clock.frozen_at(clock.now() + timedelta(days=31)):
        assert add(survey, NewRecipient("lately@example.org")).added == 1
        assert "list of this survey already" in add(survey, NewRecipient("new@example.org")).skipped[0][1]


def test_whoever_does_not_want_to_be_asked_is_not_asked_again(
    client: Client, survey: Survey, house: House, relay: Relay
) -> None:
    add(survey, NewRecipient("maya@example.org"))
    stop = outbox.stop_address(SurveyRecipient.objects.get()).removeprefix(settings.AMENDS_PUBLIC_URL)
    assert "Do not ask me again" in client.get(stop).content.decode()
    assert SurveyRecipient.objects.get().stopped_at is None, "opening a link stops nothing"
    assert "not ask you again" in client.post(stop).content.decode()
    assert outbox.send_due() == 0
    assert SurveyRecipient.objects.get().state == "cancelled"
    later = create_survey(actor=SYSTEM, name="Later", unit=house.london, kind="nps")
    with clock.frozen_at(clock.now() + timedelta(days=400)):
        assert "not to be asked again" in add(later, NewRecipient("maya@example.org")).skipped[0][1]


def test_a_mail_program_can_say_stop_with_one_click(
    client: Client, survey: Survey, house: House, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    """RFC 8058: the address stands whole in one header, and a POST without cookies is enough."""
    home = "https://complaints.northlight-and-daughters.example.org"
    monkeypatch.setattr(settings, "AMENDS_PUBLIC_URL", home)
    add(survey, NewRecipient("maya@example.org"))
    assert outbox.send_due() == 1
    (mail,) = relay.mails
    wanted = mail["List-Unsubscribe"]
    assert re.fullmatch(rf"<{home}/ask/me/[0-9a-f]{{32}}\.[a-z2-7]{{24}}/stop/>", wanted)
    assert f"List-Unsubscribe: {wanted}\r\n".encode() in relay.raw[0], "an encoded or broken header is no address"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    outside = Client(enforce_csrf_checks=True)
    answer = outside.post(wanted[1:-1].removeprefix(home), {"List-Unsubscribe": "One-Click"}, secure=True)
    assert answer.status_code == 200
    assert SurveyRecipient.objects.get().stopped_at is not None


def test_one_click_is_offered_only_over_https(survey: Survey, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org"))
    assert outbox.send_due() == 1
    assert settings.AMENDS_PUBLIC_URL.startswith("http://")
    assert relay.mails[0]["List-Unsubscribe"].startswith("<http://")
    assert relay.mails[0]["List-Unsubscribe-Post"] is None


def test_who_says_stop_while_another_list_waits_gets_nothing_of_it(survey: Survey, house: House, relay: Relay) -> None:
    add(survey, NewRecipient("maya@example.org"))
    assert outbox.send_due() == 1
    with clock.frozen_at(clock.now() + timedelta(days=40)):
        other = create_survey(actor=SYSTEM, name="Another", unit=house.london, kind="nps")
        add(other, NewRecipient("maya@example.org"))
        SurveyRecipient.objects.filter(survey=survey).update(stopped_at=clock.now())
        assert outbox.send_due() == 0
    assert SurveyRecipient.objects.get(survey=other).state == "cancelled"
    assert len(relay.mails) == 1


def test_an_invitation_waits_when_the_address_has_had_enough_automatic_mail_of_any_kind(
    survey: Survey, house: House, relay: Relay, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "AMENDS_MAIL_BUDGET", "recipient 1/1d")
    with clock.frozen_at(MONDAY):
        add(survey, NewRecipient("maya@example.org"), NewRecipient("jan@example.org"))
        complaint = new_complaint(house.london)
        assert complaint.customer.email == "maya@example.org"
        letter = queue_message(
            actor=SYSTEM, complaint_id=complaint.pk, kind="message", subject="s", text="A notice.", automatic=True
        )
        assert letter is not None
        assert claim_for_sending(message_id=letter.pk) is not None
        assert outbox.send_due() == 1
        held = SurveyRecipient.objects.get(email=complaint.customer.email)
        assert (held.state, held.attempts, held.not_before) == ("queued", 0, MONDAY + timedelta(days=1))
        assert "budget" in held.state_reason
    with clock.frozen_at(MONDAY + timedelta(days=1, seconds=1)):
        assert outbox.send_due() == 1
    assert [mail["To"] for mail in relay.mails] == ["jan@example.org", complaint.customer.email]


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("email,name,order\na@b.org,Maya,N-1", [NewRecipient("a@b.org", "Maya", attributes={"order": "N-1"})]),
        ("\ufeffE-Mail;Name\r\na@b.org;Jörg\r\n\r\n", [NewRecipient("a@b.org", "Jörg")]),
        ('email\tlanguage\n"a@b.org"\tde', [NewRecipient("a@b.org", language="de")]),
        ("email,name\na@b.org", [NewRecipient("a@b.org")]),
    ],
)
def test_lists_of_many_makes_are_read(text: str, people: list[NewRecipient]) -> None:
    assert read_csv(text) == people


@pytest.mark.parametrize("text", ["", "name\nMaya", "\x00", '"', "a@b.org"])
def test_a_list_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(BadInput):
        read_csv(text)


def test_the_api_takes_lists(client: Client, survey: Survey) -> None:
    token = create_token(actor=SYSTEM, name="t", scopes=["review"])

    def post(body: Any) -> Any:
        return client.post(
            f"/api/v1/surveys/{survey.pk}/recipients",
            data=json.dumps(body),
            content_type="application/json",
            headers={"Authorization": f"Bearer {token}"},
        )

    added = post({"recipients": [{"email": "a@b.org", "attributes": {"order": "1"}}, {"email": "x"}]}).json()
    assert added == {"added": 1, "skipped": [{"row": 2, "why": "no usable e-mail address"}]}
    assert post({"csv": "email\nc@d.org"}).json()["added"] == 1
    assert post({}).status_code == 422
    assert post({"recipients": [], "csv": "email"}).status_code == 422
