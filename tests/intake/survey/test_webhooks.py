"""Each delivery of another tool is kept first, answered only then, counted once, and never lost."""

from __future__ import annotations

import base64
import hmac
import http.server
import json
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from tests.people import House, actor

from amends.accounts.public import SYSTEM, User, create_token
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.core.errors import NotFound
from amends.intake.channels.survey.models import Survey, SurveyAnswer
from amends.intake.channels.survey.surveys import connect, create_survey
from amends.intake.webhooks import services
from amends.intake.webhooks.models import WebhookDelivery

SECRET = "a-secret-of-enough-length"


@pytest.fixture
def survey(house: House) -> Survey:
    return create_survey(actor=SYSTEM, name="After the order", unit=house.london, kind="nps")


@pytest.fixture
def typeform(survey: Survey) -> Survey:
    connect(actor=SYSTEM, survey_id=survey.pk, key="forms", mapping="typeform", secret=SECRET)
    return survey


def typeform_body(
    score: object = 2, text: str = "Two weeks late.", token: str = "tok1", **hidden: str
) -> dict[str, Any]:
    return {
        "event_id": "01",
        "event_type": "form_response",
        "form_response": {
            "form_id": "f",
            "token": token,
            "submitted_at": "2026-03-02T09:30:00Z",
            "hidden": {"order": "N-4711", **hidden},
            "definition": {"title": "Delivery"},
            "answers": [
                {"type": "number", "number": score, "field": {"id": "a", "type": "opinion_scale", "ref": "r"}},
                {"type": "text", "text": text, "field": {"id": "b", "type": "long_text", "ref": "s"}},
                {"type": "email", "email": "Maya@Example.org", "field": {"id": "c", "type": "email", "ref": "t"}},
            ],
        },
    }


def send(client: Client, body: Any, *, key: str = "forms", secret: str = SECRET) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    signature = "sha256=" + base64.b64encode(hmac.new(secret.encode(), raw, "sha256").digest()).decode()
    return client.post(
        f"/hooks/{key}/", raw, content_type="application/json", headers={"Typeform-Signature": signature}
    )


def work() -> list[str]:
    """What the worker does."""
    waiting = WebhookDelivery.objects.filter(state="received").order_by("id")
    return [services.process(delivery_id=one.pk) for one in waiting]


def test_an_unhappy_answer_of_another_tool_is_a_complaint_with_the_story(client: Client, typeform: Survey) -> None:
    answer = send(client, typeform_body())
    assert answer.status_code == 200
    assert answer.json()["known"] is False
    assert work() == ["done"]
    complaint = Complaint.objects.select_related("customer").get()
    assert complaint.channel == "survey"
    assert complaint.text == "Two weeks late."
    assert complaint.customer.email == "maya@example.org"
    assert complaint.attributes["order"] == "N-4711"
    assert complaint.attributes["form"] == "Delivery"
    assert complaint.received_at.isoformat() == "2026-03-02T09:30:00+00:00"
    assert WebhookDelivery.objects.get().result == f"answer:{SurveyAnswer.objects.get().pk}"


def test_the_job_is_deferred_in_the_same_transaction(client: Client, typeform: Survey) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    delivery = send(client, typeform_body()).json()["delivery"]
    job = ProcrastinateJob.objects.get(task_name="intake.process_webhook")
    assert job.args == {"delivery_id": delivery}


def test_the_same_delivery_again_is_known_and_counts_once(client: Client, typeform: Survey) -> None:
    body = typeform_body()
    first, second = send(client, body).json(), send(client, body).json()
    assert first["delivery"] == second["delivery"]
    assert second["known"] is True
    work()
    assert services.process(delivery_id=first["delivery"]) == "done"
    assert send(client, body).json()["known"] is True
    assert SurveyAnswer.objects.count() == Complaint.objects.count() == 1


def test_the_same_response_in_another_delivery_adds_only_its_new_words(client: Client, typeform: Survey) -> None:
    send(client, typeform_body(text=""))
    work()
    send(client, typeform_body(text="It was broken too.") | {"event_id": "02"})
    assert work() == ["done"]
    assert SurveyAnswer.objects.count() == Complaint.objects.count() == 1
    texts = Message.objects.filter(direction="in").order_by("id").values_list("text", flat=True)
    assert list(texts) == ["Not satisfied: 2 of 10. No words were left.", "It was broken too."]


def test_a_happy_answer_is_counted(client: Client, typeform: Survey) -> None:
    send(client, typeform_body(score=10))
    assert work() == ["done"]
    assert SurveyAnswer.objects.get().state == "counted"
    assert Complaint.objects.count() == 0


@pytest.mark.parametrize("secret", ["another-secret-of-length", ""])
def test_a_wrong_signature_is_refused_and_nothing_is_kept(client: Client, typeform: Survey, secret: str) -> None:
    assert send(client, typeform_body(), secret=secret).status_code == 401
    assert client.post("/hooks/forms/", b"{}", content_type="application/json").status_code == 401
    assert WebhookDelivery.objects.count() == 0


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"{not json", "not the json"),
        (b"\xff\xfe\x00", "not the json"),
        (b"[" * 100_000, "not the json"),
        (typeform_body(score=11), "not on the scale 0-10"),
        (typeform_body(score="many"), "not on the scale"),
        (typeform_body(score=None), "no score at form_response"),
        (typeform_body(score=1, token="") | {"event_id": ""}, "no response_id"),
    ],
)
def test_what_cannot_be_understood_is_kept_on_a_list_with_the_reason(
    client: Client, typeform: Survey, lena: User, body: Any, reason: str
) -> None:
    assert send(client, body).status_code == 200
    assert work() == ["failed"]
    failed = WebhookDelivery.objects.get()
    assert reason in failed.reason
    assert bytes(failed.body) == (body if isinstance(body, bytes) else json.dumps(body).encode())
    client.force_login(lena)
    page = client.get("/deliveries/").content.decode()
    assert "forms" in page
    assert "Try again" in page


def test_other_events_of_the_tool_are_noted_and_left_alone(client: Client, typeform: Survey) -> None:
    send(client, typeform_body() | {"event_type": "form_response_partial"})
    assert work() == ["ignored"]
    assert SurveyAnswer.objects.count() == 0


def test_a_failed_delivery_works_after_the_mapping_is_mended(
    client: Client, typeform: Survey, lena: User, charlie: User
) -> None:
    body = typeform_body()
    body["form_response"]["answers"][0]["field"]["type"] = "matrix"
    body["form_response"]["answers"][0]["type"] = "grade"
    send(client, body)
    assert work() == ["failed"]
    delivery = WebhookDelivery.objects.get()
    client.force_login(lena)
    client.post(f"/deliveries/{delivery.pk}/retry/")
    delivery.refresh_from_db()
    assert (delivery.state, delivery.attempts) == ("failed", 2)
    webhook = delivery.webhook
    webhook.paths = {"score": "form_response.answers[type=grade].number"}
    webhook.save()
    outsider = actor(person_of_berlin(charlie))
    with pytest.raises(NotFound):
        services.retry(actor=outsider, delivery_id=delivery.pk)
    client.post(f"/deliveries/{delivery.pk}/retry/")
    delivery.refresh_from_db()
    assert delivery.state == "done"
    assert Complaint.objects.get().text == "Two weeks late."
    assert "Nothing is waiting" in client.get("/deliveries/").content.decode()


def person_of_berlin(user: User) -> User:
    """Charlie as the lead of Berlin, who may look after deliveries there, and only there."""
    from amends.accounts.public import Membership, Role

    Membership.objects.filter(user=user).update(role=Role.LEAD)
    return user


def test_a_discarded_delivery_is_off_the_list_and_keeps_its_bytes(client: Client, typeform: Survey, lena: User) -> None:
    send(client, b"x")
    work()
    client.force_login(lena)
    number = WebhookDelivery.objects.get().pk
    assert client.post(f"/deliveries/{number}/discard/").status_code == 302
    assert WebhookDelivery.objects.get().state == "discarded"
    assert bytes(WebhookDelivery.objects.get().body) == b"x"
    assert client.post(f"/deliveries/{number}/retry/").status_code == 404
    assert client.post(f"/deliveries/{10**30}/retry/").status_code == 404


def test_an_agent_does_not_look_after_deliveries(client: Client, typeform: Survey, alice: User) -> None:
    client.force_login(alice)
    assert client.get("/deliveries/").status_code == 404


def test_too_much_is_refused(client: Client, typeform: Survey) -> None:
    assert send(client, b"x" * (services.BODY_LIMIT + 1)).status_code == 413
    assert send(client, b"x" * 13_000_000).status_code == 413
    assert WebhookDelivery.objects.count() == 0


def test_the_address_says_that_it_is_there_and_unknown_ones_do_not(client: Client, typeform: Survey, ada: User) -> None:
    assert client.head("/hooks/forms/").status_code == 200
    assert client.get("/hooks/forms/").status_code == 200
    assert client.post("/hooks/other/", b"{}", content_type="application/json").status_code == 404
    services.switch(actor=actor(ada), key="forms", active=False)
    assert send(client, typeform_body()).status_code == 404


def test_a_delivery_whose_job_was_lost_is_taken_up(client: Client, typeform: Survey) -> None:
    from datetime import timedelta

    send(client, typeform_body())
    assert services.left_behind() == []
    with clock.frozen_at(clock.now() + timedelta(minutes=3)):
        assert services.left_behind() == [WebhookDelivery.objects.get().pk]


def test_an_unexpected_error_leaves_a_failed_delivery_and_no_half_answer(
    client: Client, typeform: Survey, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(client, typeform_body())

    def breaks(**_values: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("amends.intake.channels.survey.inbound.tell", breaks)
    assert work() == ["failed"]
    assert "ZeroDivisionError" in WebhookDelivery.objects.get().reason
    assert SurveyAnswer.objects.count() == 0


class Asked(http.server.BaseHTTPRequestHandler):
    """A sender that is asked for the answer."""

    answers: dict[str, Any] = {}
    heard: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        Asked.heard.append((self.path, self.headers.get("Authorization", "") or self.headers.get("X-API-TOKEN", "")))
        found = Asked.answers.get(self.path)
        body = json.dumps(found).encode()
        self.send_response(200 if found else 404)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Quiet."""


@pytest.fixture
def sender(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Its host and port."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    monkeypatch.setenv("AMENDS_OUTGOING_ALLOW", "127.0.0.1")
    Asked.answers, Asked.heard = {}, []
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def plain(name: str, **paths: str) -> str:
    """A shipped mapping that asks by http, for a server on loopback."""
    from amends.intake.webhooks.mapping import BUILT_IN

    return (BUILT_IN / f"{name}.toml").read_text().replace("https://{fetch_host}", "http://{fetch_host}")


def test_surveymonkey_is_asked_for_the_response(client: Client, survey: Survey, sender: str) -> None:
    secret = "client-id-4711&client-secret"
    connect(
        actor=SYSTEM, survey_id=survey.pk, key="monkey", mapping_text=plain("surveymonkey"), secret=secret,
        fetch_host=sender, fetch_token="token-1",
    )  # fmt: skip
    Asked.answers["/v3/surveys/55/responses/77/details"] = {
        "id": "77",
        "date_modified": "2026-03-02T09:30:00+00:00",
        "custom_variables": {"order": "N-1"},
        "metadata": {"contact": {"email": {"type": "string", "value": "maya@example.org"}}},
        "pages": [
            {"questions": [{"answers": [{"choice_id": "1", "choice_metadata": {"weight": "3"}}]}]},
            {"questions": [{"answers": [{"text": "Nobody called back."}]}]},
        ],
    }
    body = json.dumps(
        {"event_type": "response_completed", "event_id": "9", "object_id": "77", "resources": {"survey_id": "55"}}
    ).encode()
    signature = base64.b64encode(hmac.new(secret.encode(), body, "sha1").digest()).decode()
    headers = {"Sm-Signature": signature, "Sm-Apikey": "client-id-4711"}
    kind = "application/vnd.surveymonkey.response.v1+json"
    assert client.post("/hooks/monkey/", body, content_type=kind, headers=headers).status_code == 200
    assert work() == ["done"], WebhookDelivery.objects.get().reason
    assert Complaint.objects.get().text == "Nobody called back."
    assert Asked.heard == [("/v3/surveys/55/responses/77/details", "Bearer token-1")]


def test_qualtrics_is_asked_for_the_response_with_the_surveys_own_questions(
    client: Client, survey: Survey, sender: str
) -> None:
    connect(
        actor=SYSTEM, survey_id=survey.pk, key="xm", mapping_text=plain("qualtrics"), secret=SECRET, fetch_host=sender,
        fetch_token="api-token", paths={"score": "result.values.QID7", "text": "result.values.QID8_TEXT"},
    )  # fmt: skip
    message = json.dumps({"Status": "Complete", "SurveyID": "SV_1", "ResponseID": "R_1", "BrandID": "b"})
    body = urlencode({"HMAC": hmac.new(SECRET.encode(), message.encode(), "sha512").hexdigest(), "MSG": message})
    kind = "application/x-www-form-urlencoded"
    assert client.post("/hooks/xm/", body, content_type=kind).status_code == 200
    assert work() == ["failed"]
    assert "answered 404" in WebhookDelivery.objects.get().reason
    Asked.answers["/API/v3/surveys/SV_1/responses/R_1"] = {
        "result": {"responseId": "R_1", "values": {"QID7": 1, "QID8_TEXT": "Cold food.", "userLanguage": "EN"}}
    }
    delivery = services.retry(actor=SYSTEM, delivery_id=WebhookDelivery.objects.get().pk)
    assert delivery.state == "done", delivery.reason
    assert Complaint.objects.get().text == "Cold food."
    assert Asked.heard[-1] == ("/API/v3/surveys/SV_1/responses/R_1", "api-token")


def api(client: Client, method: str, path: str, token: str, body: Any = None) -> Any:
    more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
    return getattr(client, method)(f"/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, **more)


def test_the_api_connects_rotates_lists_and_tries_again(client: Client, house: House, survey: Survey) -> None:
    token = create_token(actor=SYSTEM, name="t", scopes=["admin", "quarantine"])
    made = api(client, "post", f"/surveys/{survey.pk}/webhook", token, {"key": "forms", "mapping": "typeform"})
    assert made.status_code == 403, "a token without `review` sees no surveys"
    token = create_token(actor=SYSTEM, name="t", scopes=["admin", "quarantine", "review"])
    made = api(client, "post", f"/surveys/{survey.pk}/webhook", token, {"key": "forms", "mapping": "typeform"})
    assert made.status_code == 201, made.content
    secret = made.json()["secret"]
    assert send(client, typeform_body(score=99), secret=secret).status_code == 200
    listed = api(client, "get", "/webhooks", token).json()
    assert [(one["key"], one["secret"]) for one in listed] == [("forms", None)]
    newer = api(client, "post", "/webhooks/forms/secret", token, {}).json()["secret"]
    assert send(client, typeform_body(token="b"), secret=secret).status_code == 200
    assert send(client, typeform_body(token="c"), secret=newer).status_code == 200
    api(client, "post", "/webhooks/forms/secret", token, {"secret": newer, "keep": 0})
    assert send(client, typeform_body(token="d"), secret=secret).status_code == 401
    work()
    failed = api(client, "get", "/webhooks/deliveries", token).json()
    assert len(failed) == 1
    assert json.loads(base64.b64decode(failed[0]["body_base64"])) == typeform_body(score=99)
    assert api(client, "post", f"/webhooks/deliveries/{failed[0]['id']}/retry", token).json()["state"] == "failed"
    assert api(client, "post", f"/webhooks/deliveries/{failed[0]['id']}/discard", token).status_code == 204
    assert api(client, "get", "/webhooks/deliveries", token).json() == []
    names = {one["name"]: one["problem"] for one in api(client, "get", "/webhooks/mappings", token).json()}
    assert names["typeform"] == ""
    wrong = {"key": "bad", "unit": "london", "mapping_text": 'name = "x"\nchannel = 3'}
    refused = api(client, "post", "/webhooks", token, wrong)
    assert refused.status_code == 422
    assert "mapping_text, line 2: channel" in refused.json()["detail"]
    assert (
        api(client, "post", "/webhooks", token, {**wrong, "mapping": "typeform", "mapping_text": ""}).status_code == 422
    )


def test_a_token_of_another_unit_sees_no_webhook(client: Client, house: House, typeform: Survey) -> None:
    token = create_token(actor=SYSTEM, name="b", scopes=["admin", "quarantine", "review"], unit=house.berlin)
    assert api(client, "get", "/webhooks", token).json() == []
    assert api(client, "post", "/webhooks/forms/secret", token, {}).status_code == 404
    assert api(client, "get", f"/surveys/{typeform.pk}", token).status_code == 404
    assert (
        api(client, "post", "/webhooks", token, {"key": "x-y", "unit": "london", "mapping": "twilio"}).status_code
        == 404
    )
