"""The survey and the call screen in a real browser: the click, the story, leaving in between, a call that rings."""

from __future__ import annotations

import http.server
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from tests.browser.conftest import NARROW, WIDE, Visit, browser, pictures, site, visit
from tests.people import House

from amends.accounts.public import SYSTEM, User
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.intake.channels.phone.calls import take_event
from amends.intake.channels.phone.models import PhoneCall
from amends.intake.channels.survey.answering import Click, Story, click, register_due, tell
from amends.intake.channels.survey.models import AnswerSource, Survey, SurveyAnswer, SurveyRecipient
from amends.intake.channels.survey.recipients import NewRecipient, add_recipients
from amends.intake.channels.survey.surveys import create_survey
from amends.intake.channels.survey.tokens import token_of
from amends.intake.webhooks.consumers import Mapped
from amends.intake.webhooks.models import Webhook, WebhookDelivery
from amends.intake.webhooks.services import create_webhook

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
FIXTURES = (browser, pictures, site, visit)
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


@pytest.fixture
def survey(house: House) -> Survey:
    return create_survey(actor=SYSTEM, name="After the visit", unit=house.london, kind="nps")


@pytest.fixture
def webhook(house: House) -> Webhook:
    return create_webhook(actor=SYSTEM, key="pbx", channel="phone", unit=house.london, mapping="telephone")[0]


def link(survey: Survey, way: str = "") -> str:
    return f"/ask/{way}{token_of('survey-link', survey.key)}/"


def ring(webhook: Webhook, event: str, call: str = "c1", number: str = "+44 7700 900123") -> None:
    fields = {"call_id": call, "event": event, "number": number}
    take_event(Mapped(webhook_id=webhook.pk, unit_id=webhook.unit_id, received_at=clock.now(), fields=fields))


def test_one_click_then_the_story_then_the_case(visit: Visit, survey: Survey) -> None:
    page = visit().page
    page.goto(link(survey))
    page.get_by_role("button", name="2", exact=True).click()
    expect(page.get_by_label("What would have made it better?")).to_be_visible()
    assert SurveyAnswer.objects.get().score == 2
    page.get_by_label("What would have made it better?").fill("Somebody at the counter.")
    page.get_by_label("Your e-mail address").fill("maya@example.org")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("link", name="See what happens next")).to_be_visible()
    assert Complaint.objects.get().text == "Somebody at the counter."
    page.get_by_role("link", name="See what happens next").click()
    expect(page.get_by_text(Complaint.objects.get().reference or "nothing").first).to_be_visible()


def test_leaving_after_the_click_is_a_complaint_after_ten_minutes_and_the_story_joins_it(
    visit: Visit, survey: Survey
) -> None:
    page = visit().page
    page.goto(link(survey))
    page.get_by_role("button", name="0", exact=True).click()
    expect(page.get_by_text("is stored")).to_be_visible()
    address = page.url
    page.goto("about:blank")
    clicked = SurveyAnswer.objects.get().first_at
    with clock.frozen_at(clicked + timedelta(minutes=9, seconds=50)):
        assert register_due() == 0
    with clock.frozen_at(clicked + timedelta(minutes=10, seconds=1)):
        assert register_due() == 1
    complaint = Complaint.objects.get()
    page.goto(address)
    page.get_by_label("What would have made it better?").fill("The parcel was open.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", name="Thank you for telling me")).to_be_visible()
    assert Complaint.objects.get() == complaint
    assert Message.objects.filter(complaint=complaint, text="The parcel was open.").exists()


def test_a_score_in_a_mails_link_is_sent_by_itself_with_script_and_by_one_button_without(
    visit: Visit, survey: Survey
) -> None:
    people = [NewRecipient("a@example.org"), NewRecipient("b@example.org")]
    add_recipients(actor=SYSTEM, survey_id=survey.pk, people=people)
    one, two = (
        f"/ask/me/{token_of('survey-recipient', each.key)}/?score=3" for each in SurveyRecipient.objects.order_by("id")
    )
    page = visit().page
    page.goto(one)
    expect(page.get_by_text("is stored")).to_be_visible()
    assert SurveyAnswer.objects.count() == 1
    page = visit(script=False).page
    page.goto(two)
    assert SurveyAnswer.objects.count() == 1
    page.get_by_role("button", name="Yes, 3").click()
    expect(page.get_by_text("is stored")).to_be_visible()
    assert SurveyAnswer.objects.count() == 2


class Shop(http.server.BaseHTTPRequestHandler):
    """A website of ours that shows the survey."""

    frame = ""

    def do_GET(self) -> None:
        body = f'<!doctype html><html lang="en"><title>Shop</title><iframe src="{Shop.frame}" title="s" width="600" height="500"></iframe>'
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *_: object) -> None:
        """Quiet."""


def test_it_works_inside_a_page_of_the_shop(visit: Visit, house: House) -> None:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Shop)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    origin = f"http://127.0.0.1:{server.server_port}"
    framed = create_survey(actor=SYSTEM, name="site", unit=house.london, kind="satisfaction", origins=[origin])
    visitor = visit()
    visitor.page.goto(link(framed))
    base = "/".join(visitor.page.url.split("/")[:3])
    Shop.frame = f"{base}{link(framed, 'frame/')}"
    try:
        visitor.page.goto(origin)
        inside = visitor.page.frame_locator("iframe")
        inside.get_by_role("button", name="1", exact=True).click()
        expect(inside.get_by_label("What would have made it better?")).to_be_visible()
    finally:
        server.shutdown()
        server.server_close()
    assert SurveyAnswer.objects.get().source == "embedded"


def test_a_ringing_call_appears_by_itself_and_opens_the_screen_with_the_case(
    visit: Visit, webhook: Webhook, complaint: Complaint, alice: User
) -> None:
    page = visit(alice).page
    page.goto("/calls/")
    expect(page.get_by_text("Nobody is on the phone.")).to_be_visible()
    page.wait_for_timeout(700)
    ring(webhook, "ringing")
    expect(page.get_by_text("Maya Okafor")).to_be_visible()
    page.get_by_role("link", name=complaint.reference or "").first.click()
    expect(page.get_by_role("heading", name="A call in")).to_be_visible()
    page.get_by_label("What does the caller say?").fill("She asks where the money is.")
    page.get_by_label("What happens next, as agreed").fill("I ring her on Friday")
    page.get_by_role("button", name="Note it in the case").click()
    expect(page.get_by_role("heading", name="Noted in")).to_be_visible()
    assert Message.objects.filter(complaint=complaint, kind="call", direction="out").exists()
    ring(webhook, "ended")
    assert PhoneCall.objects.get().complaint == complaint


def test_what_was_noted_survives_a_lost_connection(visit: Visit, house: House, alice: User) -> None:
    visitor = visit(alice)
    page = visitor.page
    page.goto("/calls/new/")
    page.get_by_label("What does the caller say?").fill("The line is bad.")
    page.wait_for_timeout(600)
    visitor.context.set_offline(True)
    page.get_by_role("button", name="Register the complaint").click()
    expect(page.get_by_text("No connection.")).to_be_visible()
    visitor.context.set_offline(False)
    page.goto("/calls/new/")
    expect(page.get_by_label("What does the caller say?")).to_have_value("The line is bad.")
    page.get_by_role("button", name="Register the complaint").click()
    expect(page.get_by_role("heading", name="Noted in")).to_be_visible()
    page.goto("/calls/new/")
    expect(page.get_by_label("What does the caller say?")).to_have_value("")
    assert Complaint.objects.get().text == "The line is bad."
    visitor.complaints = [one for one in visitor.complaints if "ERR_INTERNET_DISCONNECTED" not in one]


def test_the_caller_is_found_while_typing(visit: Visit, complaint: Complaint, alice: User) -> None:
    page = visit(alice).page
    page.goto("/calls/new/")
    page.get_by_label("Number, name or reference").fill("okafor")
    expect(page.locator("#found").get_by_text("Maya Okafor")).to_be_visible()


def violations(page: Page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{one['id']}: {one['nodes'][0]['target']} {one['nodes'][0]['failureSummary']}" for one in found]


@pytest.mark.parametrize(("size", "scheme"), [(WIDE, "light"), (WIDE, "dark"), (NARROW, "light"), (NARROW, "dark")])
def test_every_page_passes_axe(
    size: dict[str, int],
    scheme: str,
    visit: Visit,
    survey: Survey,
    webhook: Webhook,
    complaint: Complaint,
    lena: User,
    pictures: Path | None,
) -> None:
    survey.origins = ["https://www.northlight.example"]
    survey.save()
    answers = {
        score: click(click=Click(survey_id=survey.pk, score=score, source=AnswerSource.LINK, once=f"n{score}"))
        for score in (1, 3, 7, 9, 10)
    }
    told = tell(
        answer_id=answers[3].pk, story=Story("I waited for an hour at the counter and nobody came.", email="a@b.org")
    )
    ring(webhook, "ringing")
    ring(webhook, "ended", "c2", "+44 20 7946 0555")
    WebhookDelivery.objects.create(
        webhook=webhook, replay_key="x", body=b'{"call": 1}', state="failed", reason="There is no event at event.", received_at=clock.now()
    )  # fmt: skip
    call = PhoneCall.objects.get(call_key="c1")
    staff = {
        "surveys": "/surveys/",
        "survey": f"/surveys/{survey.pk}/",
        "deliveries": "/deliveries/",
        "calls": "/calls/",
        "call": f"/calls/{call.pk}/?case={complaint.reference}",
        "call-new": "/calls/new/",
    }
    customer = {
        "ask": link(survey),
        "ask-unhappy": f"/ask/answer/{token_of('survey-answer', answers[1].key)}/",
        "ask-told": f"/ask/answer/{token_of('survey-answer', told.key)}/",
        "ask-happy": f"/ask/answer/{token_of('survey-answer', answers[10].key)}/",
    }
    found = {}
    for user, pages in ((lena, staff), (None, customer)):
        page = visit(user, size=size, scheme=scheme).page
        for name, address in pages.items():
            page.goto(address)
            page.wait_for_timeout(300)
            if pictures:
                page.screenshot(path=pictures / f"{name}-{scheme}-{size['width']}.png", full_page=True)
            if problems := violations(page):
                found[name] = problems
            overflow = page.evaluate(
                "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
            )
            if overflow > 0:
                found[f"{name} is too wide"] = [str(overflow)]
    assert found == {}
