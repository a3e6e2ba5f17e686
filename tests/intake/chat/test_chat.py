"""The chat: the first words are a complaint at once, each line is in the case once, and an answer nobody saw goes another way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.people import House, actor, new_complaint

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message, MessageState, Person, messages_of, portal_token
from amends.core import clock
from amends.core.errors import BadInput, NotAllowed, NotFound
from amends.intake.channels.chat import rules, services
from amends.intake.channels.chat.models import Chat, ChatDuty
from amends.intake.channels.chat.saying import customer_says
from amends.intake.channels.chat.selectors import lines_after, somebody_is_there
from amends.intake.channels.chat.tokens import chat_token, read_chat_token
from amends.intake.channels.web import guard
from amends.intake.channels.web.receive import TooOftenError

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)


def key() -> str:
    return uuid4().hex


def begin(client: Client, *, at: datetime = NOW, stamp: str = "", address: str = "192.0.2.1", **change: Any) -> Any:
    data = {"text": "My speaker crackles and nobody answers.", "name": "Maya Okafor", "email": "maya@example.org"}
    given = {**data, "stamp": stamp or guard.new_stamp(at - timedelta(minutes=1)), **change}
    with clock.frozen_at(at):
        return client.post("/widget/chat/?unit=london", given, REMOTE_ADDR=address)


def opened(complaint: Complaint) -> Chat:
    chat = services.open_chat(actor=SYSTEM, complaint=complaint)
    chat.complaint = complaint
    return chat


def queued(complaint: Complaint) -> list[Message]:
    return [one for one in messages_of(complaint) if one.channel == "email" and one.kind == "message"]


def test_the_first_words_are_a_registered_complaint_before_anybody_answers(client: Client, house: House) -> None:
    answer = begin(client)
    assert answer.status_code == 201, answer.content
    complaint = Complaint.objects.get()
    assert (complaint.channel, complaint.unit, complaint.customer.email) == ("chat", house.london, "maya@example.org")
    assert complaint.text == "My speaker crackles and nobody answers."
    body = answer.json()
    assert body["reference"] == complaint.reference
    assert body["page"].endswith(f"/p/{portal_token(complaint.public_id)}/")
    chat = Chat.objects.get()
    assert body["token"] == chat_token(chat.public_id)
    assert read_chat_token(portal_token(complaint.public_id)) is None
    assert [line.text for line in lines_after(chat)] == [complaint.text]


def test_the_same_start_again_is_the_same_chat_and_other_words_are_refused(client: Client, house: House) -> None:
    stamp = guard.new_stamp(NOW - timedelta(minutes=1))
    first, second = begin(client, stamp=stamp), begin(client, stamp=stamp)
    assert first.json()["token"] == second.json()["token"]
    assert Complaint.objects.count() == Chat.objects.count() == 1
    assert begin(client, stamp=stamp, text="Something else happened.").status_code == 409


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"text": "  "}, 422),
        ({"text": "x" * (rules.LINE_LIMIT + 1)}, 422),
        ({"email": "nonsense"}, 422),
        ({"stamp": "1.2.3"}, 422),
        ({"fax_extension": "spam"}, 422),
        ({"name": "", "email": ""}, 201),
        ({"text": "Hello\x00 <script>alert(1)</script>"}, 201),
        ({"name": "N" * 200}, 201),
    ],
)
def test_what_opens_a_chat_and_what_does_not(client: Client, house: House, change: dict[str, str], status: int) -> None:
    answer = begin(client, **change)
    assert answer.status_code == status, answer.content
    assert Complaint.objects.count() == (1 if status == 201 else 0)
    if status != 201:
        assert answer.json()["message"]


def test_machines_are_slowed_down_and_lose_no_words(client: Client, house: House) -> None:
    assert begin(client, stamp=guard.new_stamp(NOW)).status_code == 422
    for number in range(guard.PER_VISITOR):
        assert begin(client, text=f"Complaint {number}", email="").status_code == 201
    refused = begin(client, text="One too many", email="")
    assert refused.status_code == 429
    assert begin(client, text="From elsewhere", email="", address="198.51.100.7").status_code == 201


def test_a_line_with_the_same_key_is_in_the_case_once(complaint: Complaint) -> None:
    chat, mine = opened(complaint), key()
    first = customer_says(chat=chat, text="Are you there?", key=mine)
    assert customer_says(chat=chat, text="Are you there?", key=mine) == first
    assert [one.text for one in lines_after(chat)] == ["Are you there?"]
    assert Message.objects.filter(complaint=complaint, channel="chat").count() == 1


def test_an_answer_with_the_same_key_is_in_the_case_once(complaint: Complaint, alice: User) -> None:
    mine = key()
    assert services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="I am here.", key=mine) is not None
    assert services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="I am here.", key=mine) is None
    assert Message.objects.filter(complaint=complaint, direction="out", channel="chat").count() == 1


def test_an_answer_that_the_page_has_shown_is_sent_and_goes_no_other_way(complaint: Complaint, alice: User) -> None:
    chat = opened(complaint)
    services.customer_is_here(chat=chat)
    message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="I am here.", key=key())
    assert message is not None
    services.seen(chat=chat, up_to=message.pk)
    message.refresh_from_db()
    assert message.state == MessageState.SENT
    complaint.refresh_from_db()
    assert complaint.acknowledged_at is not None
    with clock.frozen_at(clock.now() + timedelta(hours=1)):
        assert services.hand_over(message_id=message.pk) is False
    assert queued(complaint) == []
    assert [one.way for one in lines_after(Chat.objects.get())] == ["seen"]


def test_an_answer_to_somebody_who_has_gone_is_one_mail_with_all_lines(complaint: Complaint, alice: User) -> None:
    chat = opened(complaint)
    services.customer_is_here(chat=chat)
    services.customer_left(chat=chat)
    ids = []
    for words in ("I found it.", "A new one leaves today."):
        message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text=words, key=key())
        assert message is not None
        ids.append(message.pk)
    assert services.hand_over(message_id=ids[0]) is True, "who loads the page again is given time to come back"
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        for number in (*ids, *ids):
            assert services.hand_over(message_id=number) is False
    (mail,) = queued(complaint)
    assert "I found it." in mail.text
    assert "A new one leaves today." in mail.text
    assert portal_token(complaint.public_id) in mail.text
    assert (mail.to_address, mail.author) == ("maya@example.org", alice)
    assert set(Message.objects.filter(pk__in=ids).values_list("state", flat=True)) == {MessageState.SENT}
    services.seen(chat=chat, up_to=ids[-1])
    assert len(queued(complaint)) == 1


def test_without_an_address_the_answer_waits_on_the_customers_page(house: House, alice: User, client: Client) -> None:
    complaint = new_complaint(house.london, complainant=Person(name="Sam"), channel="chat")
    opened(complaint)
    message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="Here is my answer.", key=key())
    assert message is not None
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert services.hand_over(message_id=message.pk) is False
    assert queued(complaint) == []
    assert "Here is my answer." in client.get(f"/p/{portal_token(complaint.public_id)}/").content.decode()


def test_the_letter_to_a_german_customer_is_german(house: House, alice: User) -> None:
    person = Person(name="Jana Krüger", email="jana@example.org", language="de")
    complaint = new_complaint(house.london, complainant=person)
    opened(complaint)
    message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="Ich kümmere mich.", key=key())
    assert message is not None
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        services.hand_over(message_id=message.pk)
    (mail,) = queued(complaint)
    assert mail.text.startswith("Guten Tag Jana Krüger,")
    assert "Ich kümmere mich." in mail.text


@pytest.mark.parametrize(
    ("seen_ago", "left_ago", "written_ago", "address", "way"),
    [
        (5, None, 1, True, "wait"),
        (5, None, 400, True, "mail"),
        (5, 3, 3, True, "wait"),
        (60, 50, 40, True, "mail"),
        (60, 50, 40, False, "page"),
        (60, None, 30, True, "mail"),
        (None, None, 5, True, "wait"),
        (None, None, 30, True, "mail"),
        (100, 10, 30, True, "wait"),
    ],
)
def test_which_way_an_answer_takes(
    seen_ago: int | None, left_ago: int | None, written_ago: int, *, address: bool, way: str
) -> None:
    def ago(seconds: int | None) -> datetime | None:
        return None if seconds is None else NOW - timedelta(seconds=seconds)

    found = rules.hand_over(
        written_at=NOW - timedelta(seconds=written_ago),
        customer_at=ago(seen_ago),
        left_at=ago(left_ago),
        has_address=address,
        now=NOW,
    )
    assert found == way


def test_a_queued_line_gets_the_job_that_looks_after_it_in_the_same_transaction(
    complaint: Complaint, alice: User
) -> None:
    message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="One moment.", key=key())
    assert message is not None
    job = ProcrastinateJob.objects.get(task_name="intake.hand_over_line")
    assert job.args == {"message_id": message.pk}
    assert job.scheduled_at is not None


def test_lines_whose_job_was_lost_are_found_and_left_chats_end(complaint: Complaint, alice: User) -> None:
    from amends.intake.channels.chat.jobs import look_after_chats

    opened(complaint)
    message = services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="One moment.", key=key())
    ProcrastinateJob.objects.filter(task_name="intake.hand_over_line").update(queueing_lock=None)
    assert message is not None
    with clock.frozen_at(clock.now() + timedelta(minutes=20)):
        assert look_after_chats(timestamp=0) == 2
    chat = Chat.objects.get()
    assert chat.ended_at is not None
    customer_says(chat=chat, text="I am back.", key=key())
    chat.refresh_from_db()
    assert chat.ended_at is None, "writing opens the chat again: no text is lost"


def test_who_floods_is_stopped_in_words(complaint: Complaint) -> None:
    chat = opened(complaint)
    with clock.frozen_at(NOW):
        for number in range(rules.LINES_PER_MINUTE):
            customer_says(chat=chat, text=f"line {number}", key=key())
        with pytest.raises(TooOftenError):
            customer_says(chat=chat, text="too many", key=key())
    with clock.frozen_at(NOW + timedelta(minutes=2)):
        customer_says(chat=chat, text="again", key=key())


@pytest.mark.parametrize("bad", ["", "  \n", "x" * (rules.LINE_LIMIT + 1), "\x00"])
def test_empty_and_endless_lines_are_refused(complaint: Complaint, alice: User, bad: str) -> None:
    with pytest.raises(BadInput):
        customer_says(chat=opened(complaint), text=bad, key=key())
    with pytest.raises(BadInput):
        services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text=bad, key=key())
    with pytest.raises(BadInput):
        services.agent_says(actor=actor(alice), complaint_id=complaint.pk, text="fine", key="' OR 1=1")


def test_only_colleagues_of_the_case_who_may_work_answer(
    complaint: Complaint, charlie: User, conny: User, alice: User
) -> None:
    with pytest.raises(NotFound):
        services.agent_says(actor=actor(charlie), complaint_id=complaint.pk, text="Hello", key=key())
    with pytest.raises(NotAllowed):
        services.agent_says(actor=actor(conny), complaint_id=complaint.pk, text="Hello", key=key())
    assert Chat.objects.count() == 0


def test_somebody_is_there_only_while_a_colleague_of_this_unit_has_the_page_open(
    complaint: Complaint, house: House, alice: User, charlie: User, conny: User
) -> None:
    for outsider in (charlie, conny):
        services.on_duty(actor=actor(outsider))
    assert not somebody_is_there(house.london.pk)
    services.on_duty(actor=actor(alice))
    assert somebody_is_there(house.london.pk)
    assert not somebody_is_there(house.root.pk)
    with clock.frozen_at(clock.now() + timedelta(minutes=1)):
        assert not somebody_is_there(house.london.pk)
    services.off_duty(actor=actor(alice))
    assert not ChatDuty.objects.filter(user=alice).exists()


def test_a_token_that_was_not_made_here_or_is_old_opens_nothing(client: Client, complaint: Complaint) -> None:
    chat = opened(complaint)
    good = chat_token(chat.public_id)
    for bad in (good[:-1] + ("a" if good[-1] != "a" else "b"), portal_token(complaint.public_id), "x", good.upper()):
        for place in ("say", "typing", "seen", "leave"):
            assert client.post(f"/chat/{bad}/{place}/", {"text": "x", "key": key(), "id": 1}).status_code == 404
        assert client.get(f"/chat/{bad}/live/").status_code == 404
    assert client.post(f"/chat/{good}/say/", {"text": "Hello", "key": key()}).status_code == 201
    with clock.frozen_at(clock.now() + rules.TOKEN_LIFE + timedelta(minutes=1)):
        assert client.post(f"/chat/{good}/say/", {"text": "Hello", "key": key()}).status_code == 404


def test_the_chat_of_one_case_says_nothing_of_another(client: Client, house: House, complaint: Complaint) -> None:
    other = new_complaint(house.london, text="Quite another story", complainant=Person(name="Sam"))
    customer_says(chat=opened(other), text="A secret", key=key())
    assert [one.text for one in lines_after(opened(complaint))] == []
    top = Message.objects.order_by("-pk").values_list("pk", flat=True)[0]
    services.seen(chat=opened(complaint), up_to=top + 10**6)
    assert Chat.objects.get(complaint=other).customer_seen == 0
    assert Chat.objects.get(complaint=complaint).customer_seen == 0


def test_the_customers_page_works_without_a_script(client: Client, complaint: Complaint, alice: User) -> None:
    address = f"/p/{portal_token(complaint.public_id)}/chat/"
    page = client.get(address).content.decode()
    assert "Open the chat" in page
    assert not Chat.objects.exists(), "looking opens nothing"
    assert client.post(address).status_code == 302
    sent = {"text": "Is anybody <b>there</b>?", "key": key()}
    assert client.post(address, sent).status_code == 302
    assert client.post(address, sent).status_code == 302
    page = client.get(address).content.decode()
    assert page.count("Is anybody &lt;b&gt;there&lt;/b&gt;?") == 1
    assert client.post(address, {"text": "x" * 5000, "key": key()}).status_code == 422
    assert client.get(f"/p/{complaint.public_id.hex}.{'a' * 24}/chat/").status_code == 404


def test_staff_see_the_open_chats_of_their_cases_only(
    client: Client, complaint: Complaint, alice: User, charlie: User
) -> None:
    customer_says(chat=opened(complaint), text="Hello?", key=key())
    client.force_login(alice)
    assert "Maya Okafor" in client.get("/chats/").content.decode()
    page = client.get(f"/chats/{complaint.reference}/").content.decode()
    assert "Hello?" in page
    assert "Empathise" in page
    answer = client.post(f"/chats/{complaint.reference}/say/", {"text": "I am here", "key": key()})
    assert answer.status_code == 302
    assert client.post(f"/chats/{complaint.reference}/end/").status_code == 302
    assert "Maya" not in client.get("/chats/").content.decode()
    client.force_login(charlie)
    assert "Maya" not in client.get("/chats/").content.decode()
    assert client.get(f"/chats/{complaint.reference}/").status_code == 404
    assert client.get(f"/chats/{complaint.reference}/live/").status_code == 404


def test_programs_read_and_write_the_chat(client: Client, complaint: Complaint, token: str, charlie: User) -> None:
    address = f"/api/v1/complaints/{complaint.reference}/chat"
    headers = {"Authorization": f"Bearer {token}"}
    assert client.get(address, headers=headers).json() == []
    for speaker in ("customer", "staff"):
        body = {"speaker": speaker, "text": f"Hello from {speaker}", "key": key()}
        for _again in range(2):
            answer = client.post(address, body, content_type="application/json", headers=headers)
            assert answer.status_code == 201, answer.content
    lines = client.get(address, headers=headers).json()
    assert [(one["speaker"], one["text"], one["delivery"]) for one in lines] == [
        ("customer", "Hello from customer", ""),
        ("staff", "Hello from staff", "waiting"),
    ]
    assert client.get(f"{address}?after={lines[0]['id']}", headers=headers).json() == lines[1:]
    assert (
        client.post(address, {"text": "x", "key": "?"}, content_type="application/json", headers=headers).status_code
        == 422
    )
