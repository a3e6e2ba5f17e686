"""Steps 12 to 14: asking afterwards, learning, closing, taking up again, and the proof of the record."""

from __future__ import annotations

from datetime import timedelta
from email.message import EmailMessage
from email.utils import make_msgid

import psycopg
from playwright.sync_api import expect

from amends.core import clock
from amends.core.postgres_files import ClusterFiles
from tests.faults.running import wait_until
from tests.journeys.arriving import OLIVIA, only_reference
from tests.journeys.story import Story, kinds, moment, panel, press, unfold


def survey_a_day_later(story: Story) -> None:
    """The survey is due 24 to 48 hours after the resolution, not before; Maya is satisfied."""
    case = story.read(story.maya)
    survey, resolved = case["followup"]["survey"], moment(case["resolved_at"])
    assert timedelta(hours=24) <= moment(survey["due"]) - resolved <= timedelta(hours=48)
    assert story.system.inside("send_follow_ups", at=moment(survey["due"]) - timedelta(minutes=1)) == 0
    assert story.system.inside("send_follow_ups", at=moment(survey["due"]) + timedelta(minutes=1)) == 1
    letter = story.letter(story.maya, "survey")
    page = story.visit()
    page.goto(letter.link("/s/"))
    page.get_by_label("9", exact=True).check()
    page.get_by_label("Very little").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    survey = story.read(story.maya)["followup"]["survey"]
    assert (survey["state"], survey["score"], survey["effort"]) == ("answered", 9, 1)


def check_in_some_days_later(story: Story) -> None:
    """Days later Bob's personal question goes out; Maya says that it is still solved."""
    case = story.read(story.maya)
    due = moment(case["followup"]["check_in"]["due"])
    assert due - moment(case["resolved_at"]) >= timedelta(days=5)
    assert story.system.inside("send_follow_ups", at=due + timedelta(minutes=1)) == 1
    letter = story.letter(story.maya, "check_in")
    assert "Bob Brandt" in letter.text
    page = story.visit()
    page.goto(letter.link("/c/"))
    page.get_by_label("Yes, it is solved").check()
    page.get_by_role("button", name="Send my answer").click()
    expect(page.get_by_role("heading", name="Thank you")).to_be_visible()
    case = story.system.wait_for(story.maya, phase="followed_up")
    assert case["followup"]["check_in"]["solved"] is True


def root_cause_and_change(story: Story) -> None:
    """Bob records what really went wrong, and what is changed so that it does not come back."""
    bob = story.case("bob", story.maya)
    cause = panel(bob, "root-cause")
    unfold(cause, "Record the cause")
    cause.get_by_label("Symptom: what the customer noticed").fill("No sound and a red light after the update.")
    cause.get_by_label("Cause: what we can change").select_option("software_fault")
    cause.get_by_label("Why, number 1").fill("The update writes a wrong amplifier setting.")
    cause.get_by_label("Why, number 2").fill("The setting is not tested with the first series.")
    cause.get_by_label("Responsible, looked at neutrally").select_option("company")
    press(cause.get_by_role("button", name="Record the cause"))
    expect(panel(bob, "root-cause")).to_contain_text("Fault in firmware or app")
    cause = panel(bob, "root-cause")
    unfold(cause, "Open a corrective action")
    cause.get_by_label("What will be changed").fill("Test every update on a speaker of the first series.")
    cause.get_by_label("By whom").select_option(label="Dora Dahl")
    cause.get_by_label("By when").fill((clock.now().date() + timedelta(days=30)).isoformat())
    press(cause.get_by_role("button", name="Open the action"))
    expect(panel(bob, "root-cause")).to_contain_text("Test every update")
    review = story.read(story.maya)["review"]
    assert (review["root_cause"]["cause"], len(review["root_cause"]["five_whys"])) == ("software_fault", 2)
    (action,) = review["corrective_actions"]
    done = story.system.call("POST", f"/corrective-actions/{action['id']}/done", {"effect": "In the test plan."})
    assert done.status == 200, done.body
    assert story.read(story.maya)["review"]["corrective_actions"][0]["done_at"] is not None


def closed(story: Story) -> None:
    """The case closes."""
    bob = story.case("bob", story.maya)
    bob.keyboard.press("s")
    bob.locator("details.menu[open]").get_by_role("button", name="Close", exact=True).click()
    expect(bob.locator("#case-head [aria-current=step]")).to_contain_text("Closed")
    case = story.system.wait_for(story.maya, phase="closed")
    assert [event["kind"] for event in case["events"]].count("registered") == 1


def unhappy_answer_reopens(story: Story) -> None:
    """Jürgen's case is resolved too early; his unhappy answer takes it up again, alerts people, and he hears of it."""
    path = f"/complaints/{story.juergen}"
    greta = story.sign_in("greta", f"/cases/{story.juergen}/")
    greta.get_by_role("button", name="Take it").click()
    expect(greta.locator("#case-head")).to_contain_text("Greta Gruber")
    resolve = {"action": "resolve", "outcome": "upheld", "reason": "Ein neues Gerät wurde zugesagt."}
    assert story.system.call("POST", f"{path}/move", resolve).status == 200
    due = moment(story.read(story.juergen)["followup"]["survey"]["due"])
    story.system.inside("send_follow_ups", at=due + timedelta(minutes=1))
    letter = story.letter(story.juergen, "survey")
    greta.goto("/queue/mine/")
    greta.wait_for_timeout(800)
    page = story.visit(locale="de-DE")
    page.goto(letter.link("/s/"))
    page.get_by_label("2", exact=True).check()
    page.locator("textarea[name=words]").fill("Das neue Gerät ist nie angekommen.")
    page.locator("form button.button--primary").click()
    expect(page.get_by_role("heading", name="Danke")).to_be_visible()
    expect(greta.locator("#toasts")).to_contain_text(story.juergen)
    case = story.system.wait_for(story.juergen, phase="investigating", resolved_at=None)
    assert any("nie angekommen" in one["text"] for one in case["messages"] if one["direction"] == "in")
    assert "survey_answered" in kinds(case)
    reopened = story.letter(story.juergen, "reopened")
    assert story.juergen in reopened.subject


def answer_to(story: Story, address: str, sender: str, words: str) -> None:
    mail = EmailMessage()
    mail["From"] = sender
    mail["To"] = address
    mail["Subject"] = "Re: your letter"
    mail["Message-ID"] = make_msgid(domain="example.org")
    mail.set_content(
        f"{words}\n\nOn Mon, 2 Mar 2026 at 10:00, Northlight <{address}> wrote:\n> Thank you for telling us about this.\n"
    )
    assert story.system.send_mail(mail.as_bytes(), sender=sender, recipient=address)


def reply_finds_its_case_and_a_stranger_does_not(story: Story) -> None:
    """The address of the letter leads into Olivia's case for Olivia; what a stranger sends to it waits for a person."""
    address = story.letter(story.olivia, "acknowledgement").reply_to
    answer_to(story, address, OLIVIA, "The second payment was taken on Friday, 199 pounds.")

    def heard() -> list[str]:
        said = (one["text"] for one in story.read(story.olivia)["messages"])
        return [text for text in said if "taken on Friday" in text]

    (text,) = wait_until(heard, 20, "the answer in her case")
    assert text.strip() == "The second payment was taken on Friday, 199 pounds."
    answer_to(story, address, "stranger@example.net", "I was forwarded this. My lamp flickers and I am very angry.")
    page = story.staff.get("lena") or story.sign_in("lena")

    def waiting() -> bool:
        page.goto("/mail/others/")
        return page.get_by_text("stranger@example.net").count() > 0

    wait_until(waiting, 20, "the stranger's mail among those of somebody else")
    page.get_by_role("link", name="Re: your letter").click()
    expect(page.get_by_text("My lamp flickers")).to_be_visible()
    page.get_by_label("It is a complaint of its own").check()
    page.get_by_role("button", name="Decide").click()
    story.system.wait_for_letter("stranger@example.net")
    other = only_reference(story, "flickers")
    assert other != story.olivia
    assert not any("flickers" in one["text"] for one in story.read(story.olivia)["messages"])
    assert story.read(other)["attributes"]["mentions_case"] == story.olivia
    assert "199 pounds" not in str(story.read(other))


def outsider_sees_nothing(story: Story) -> None:
    """Charlie works in Berlin: for him there is no case of London."""
    page = story.sign_in("charlie", "/queue/all/")
    expect(page.get_by_text(story.maya)).to_have_count(0)
    for path in (f"/cases/{story.maya}/", f"/cases/{story.maya}/panels/proposal/"):
        response = page.request.get(f"{story.system.url}{path}")
        assert response.status == 404
    del story.staff["charlie"]


def record_is_proven(story: Story) -> None:
    """The record is whole; a row changed in SQL, past its guard, is named; put back, it is whole again."""
    verified = story.system.amends("audit", "verify")
    assert verified.returncode == 0, verified.stdout
    ((row, chain, data),) = story.system.query(
        "SELECT id, chain, data::text FROM audit_record WHERE kind = 'phase_changed' ORDER BY id LIMIT 1"
    )
    change(story, row, '{"after": "closed"}')
    verified = story.system.amends("audit", "verify")
    assert verified.returncode == 1
    assert f"Row {row} ({chain}," in verified.stdout
    change(story, row, data)
    assert story.system.amends("audit", "verify").returncode == 0


def change(story: Story, row: int, data: str) -> None:
    """As somebody who owns the database: the guard is taken away for one statement."""
    files = ClusterFiles(story.system.data)
    with psycopg.connect(files.url(user="amends", database="amends")) as connection:
        connection.execute("ALTER TABLE audit_record DISABLE TRIGGER audit_record_append_only")
        connection.execute("UPDATE audit_record SET data = %s::jsonb WHERE id = %s", (data, row))
        connection.execute("ALTER TABLE audit_record ENABLE TRIGGER audit_record_append_only")
