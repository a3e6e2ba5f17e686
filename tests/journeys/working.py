"""Steps 7 to 11 at the screens of the people: taking, answering, asking, escalating, proposing, accepting, carrying out."""

from __future__ import annotations

from datetime import timedelta

from playwright.sync_api import Page, expect

from amends.core import clock
from tests.journeys.story import Story, kinds, panel, press, unfold

REPLY = "I am sorry that you had to wait. I look into it with our technicians today and write to you by tomorrow."
NOTE = "Three other customers told me the same about 3.2 this week."
WHY_UP = "The update cannot be taken back from here: it needs somebody who knows the firmware."


def agent_takes_and_answers(story: Story) -> None:
    """Alice sees the clocks in her queue, opens the case, takes it, writes to Maya and a note to her colleagues."""
    page = story.staff["alice"]
    page.goto("/queue/team/")
    row = page.locator(f"#row-{story.maya}")
    expect(row).to_contain_text("Maya Okafor")
    expect(row.locator(".clock").first).to_be_visible()
    row.get_by_role("link").first.click()
    expect(page.locator("#case-title")).to_have_text("Speaker stopped working after the update")
    expect(page.locator(".timeline")).to_contain_text("waited nine days")
    expect(panel(page, "clocks")).to_contain_text("house")
    page.get_by_role("button", name="Take it").click()
    expect(page.locator("#case-head")).to_contain_text("Alice Adeyemi")
    page.keyboard.press("r")
    page.get_by_label("Your reply").fill(REPLY)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry--out").filter(has_text="our technicians")).to_be_visible()
    page.keyboard.press("n")
    page.get_by_label("Your note").fill(NOTE)
    page.keyboard.press("Control+Enter")
    expect(page.locator(".entry--note")).to_contain_text("Three other customers")
    letter = story.letter(story.maya, "message")
    assert REPLY in letter.text.replace("\n", " ")
    assert "Alice Adeyemi" in str(letter.mail["From"])
    assert NOTE not in letter.text
    case = story.read(story.maya)
    assert case["owner"] == "Alice Adeyemi"
    assert {"note", "message"} <= {one["kind"] for one in case["messages"]}


def points_and_questions(story: Story) -> None:
    """The points are read back and confirmed; the questions of the playbook are answered one after the other."""
    page = story.case("alice", story.maya)
    points = panel(page, "points")
    unfold(points, "Read back to the customer")
    press(points.get_by_role("button", name="They said yes: confirm all"))
    expect(panel(page, "points")).not_to_contain_text("not confirmed yet")
    assert all(point["confirmed"] for point in story.read(story.maya)["points"])
    answers = (
        "Since the update to 3.2 on Monday evening.",
        "Nothing else was changed at home.",
        "iPhone 15, router two metres away.",
        "Red light again after a reset, every time.",
    )
    for number, words in enumerate(answers, start=1):
        form = panel(page, "investigation").locator("details[open] form")
        select = form.locator("select")
        if select.count():
            select.select_option(index=1)
        else:
            form.locator("textarea").fill(words)
        press(form.get_by_role("button", name="Save the answer"))
        expect(panel(page, "investigation")).to_contain_text(f"{number} of")
    case = story.read(story.maya)
    assert case["phase"] == "investigating"
    assert sum(1 for one in case["investigation"]["questions"] if one["answer"]) == len(answers)
    assert {one["stage"] for one in case["investigation"]["questions"]} >= {"context", "changes", "environment"}


def escalation_with_a_packet(story: Story) -> None:
    """Alice escalates with a reason; Bob finds all that is known beside the case and accepts; Maya hears who it is now."""
    page = story.case("alice", story.maya)
    page.keyboard.press("e")
    page.get_by_label("Why it needs the next tier").fill(WHY_UP)
    page.locator("details.menu[open]").get_by_role("button", name="Escalate").click()
    expect(page.locator("#case-head")).to_be_visible()
    (handoff,) = story.system.wait_for(story.maya)["handoffs"]
    assert (handoff["state"], handoff["to_team"], handoff["reason"]) == ("offered", "specialists", WHY_UP)

    bob = story.sign_in("bob", "/queue/mine/")
    expect(bob.locator("#alert-count")).to_contain_text("1")
    story.case("bob", story.maya)
    packet = panel(bob, "handoff")
    expect(packet).to_contain_text(WHY_UP)
    unfold(packet, "The packet")
    expect(packet).to_contain_text("Three other customers")
    expect(packet).to_contain_text("Money back")
    press(packet.get_by_role("button", name="Accept the case"))
    expect(panel(bob, "handoff")).to_contain_text("accepted it")
    case = story.system.wait_for(story.maya, tier=2, owner="Bob Brandt", team="specialists")
    assert case["handoffs"][0]["state"] == "accepted"
    letter = story.letter(story.maya, "handoff_notice")
    assert "Bob Brandt" in letter.text


def proposal_above_the_limit(story: Story) -> None:
    """Bob offers more than he may give alone; Lena approves, and only then it leaves."""
    bob = story.case("bob", story.maya)
    panel(bob, "proposal").get_by_role("link", name="Write a proposal").click()
    bob.get_by_label("What you offer, in a sentence or two").fill(
        "I take the Aria One back and refund what you paid, and I add something for the nine days you waited."
    )
    write_remedy(bob, 1, "refund", "199.00")
    write_remedy(bob, 2, "compensation", "350.00")
    today = clock.now().date()
    write_step(bob, 1, "Pay the refund and the compensation to your card", (today + timedelta(days=6)).isoformat())
    write_step(bob, 2, "Send you a prepaid label for the speaker", (today + timedelta(days=4)).isoformat())
    bob.get_by_label("Conditions").fill("Please keep the speaker until the label has come.")
    bob.get_by_role("button", name="Save the draft").click()
    bob.wait_for_url(f"**/cases/{story.maya}/**")
    ask = panel(bob, "proposal").get_by_role("button", name="Ask for approval")
    press(ask)
    expect(panel(bob, "proposal")).to_contain_text("asks for approval")
    case = story.read(story.maya)
    assert (case["phase"], case["proposals"][0]["state"]) == ("investigating", "awaiting_approval")
    assert not any(one["kind"] == "proposal" for one in case["messages"])

    lena = story.sign_in("lena", "/queue/team/")
    expect(lena.locator("#alert-count")).not_to_have_text("")
    story.case("lena", story.maya)
    press(panel(lena, "proposal").get_by_role("button", name="Approve and send"))
    expect(panel(lena, "proposal")).to_contain_text("Approved by Lena Lorentz")
    case = story.system.wait_for(story.maya, phase="proposed")
    (proposal,) = case["proposals"]
    assert proposal["state"] == "sent"
    assert [(one["kind"], one["amount"]) for one in proposal["remedies"]] == [
        ("refund", "199.00"), ("compensation", "350.00")
    ]  # fmt: skip
    assert [one["number"] for one in proposal["steps"]] == [1, 2]
    assert (proposal["approval"]["granted"], proposal["approval"]["decided_by"]) == (True, "Lena Lorentz")
    assert "199" in story.letter(story.maya, "proposal").text


def write_remedy(page: Page, number: int, kind: str, amount: str) -> None:
    row = page.get_by_role("group", name=f"Remedy {number}", exact=True)
    row.get_by_label("Remedy").select_option(kind)
    row.get_by_label("Amount").fill(amount)


def write_step(page: Page, number: int, what: str, day: str) -> None:
    row = page.get_by_role("group", name=f"Step {number}", exact=True)
    row.get_by_label("What").fill(what)
    row.get_by_label("At the latest").fill(day)


def customer_accepts(story: Story) -> None:
    """Maya opens the link of the letter, reads the proposal, says yes; each dated step of ours is now a promise."""
    page = story.visit()
    page.goto(story.letter(story.maya, "proposal").link("/p/"))
    offer = page.locator("#proposal")
    expect(offer).to_contain_text("350")
    expect(offer).to_contain_text("prepaid label")
    offer.get_by_label("I accept this proposal").check()
    offer.get_by_role("button", name="Send my answer").click()
    expect(page.locator("#proposal")).to_contain_text("You have accepted this proposal")
    expect(page.locator(".letter__promises")).to_contain_text("prepaid label")
    case = story.system.wait_for(story.maya, phase="agreed")
    assert case["proposals"][0]["state"] == "accepted"
    assert [one["state"] for one in case["promises"]] == ["open", "open"]
    days = sorted(one["due_latest"] for one in case["proposals"][0]["steps"])
    assert sorted(one["due"] for one in case["promises"]) == days


def steps_are_done(story: Story) -> None:
    """Bob does what was promised and tells how; each promise is kept."""
    bob = story.case("bob", story.maya)
    for left in (2, 1):
        line = panel(bob, "promises").locator("li:not(.done)").first
        unfold(line, "Done")
        line.get_by_label("What the customer should know").fill(f"Number 77-{left}")
        press(line.get_by_role("button", name="Mark as done"))
        expect(panel(bob, "promises").locator("li:not(.done)")).to_have_count(left - 1)
    case = story.read(story.maya)
    assert [one["state"] for one in case["promises"]] == ["kept", "kept"]
    assert case["phase"] == "carrying_out"


def resolved(story: Story) -> None:
    """The case is resolved with its outcome and reason; Maya reads what was decided and done."""
    bob = story.case("bob", story.maya)
    bob.keyboard.press("s")
    form = bob.locator("details.menu[open] form").filter(has=bob.locator("input[value=resolve]"))
    unfold(form, "Resolve")
    form.get_by_label("Outcome").select_option("upheld")
    form.get_by_label("Why").fill("The update was at fault; the refund is paid and the label is sent.")
    form.get_by_role("button", name="Resolve").click()
    expect(bob.locator("#case-head")).to_contain_text("Resolved")
    case = story.system.wait_for(story.maya, phase="resolved")
    assert (case["outcome"], case["resolved_at"] is not None) == ("upheld", True)
    assert "refund is paid" in case["outcome_reason"]
    assert {"met", "stopped"} >= {one["state"] for one in case["clocks"]}
    assert "phase_changed" in kinds(case)
    letter = story.letter(story.maya, "resolved")
    assert "Pay the refund and the compensation to your card" in letter.text.replace("\n", " ")
