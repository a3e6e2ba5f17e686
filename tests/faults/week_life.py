"""What people do in the simulated week: customers complain, a few colleagues answer, one of them leaves."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from amends.accounts.public import SYSTEM, Role, Team, Unit, UnitKind, User, actor_for_user, create_unit, create_user
from amends.cases.public import Complaint, NewComplaint, Person, Phase, Product, move, register, reply
from amends.notifications.public import Alert, answer

PASSWORD = "correct horse battery"
WORDS = {
    "en": (
        "My speaker stopped working after nine days. I am disappointed and want my money back.",
        "The delivery came three weeks late and nobody answered my e-mail. This is unacceptable.",
        "I was charged twice and the refund never came. I am angry.",
        "The charger exploded and burned my hand badly. I had to go to hospital.",
        "My lawyer will sue you if the broken speaker is not replaced this week.",
    ),
    "de": (
        "Der Lautsprecher ist nach neun Tagen kaputt gegangen. Ich bin enttäuscht und möchte mein Geld zurück.",
        "Die Lieferung kam drei Wochen zu spät, und niemand hat auf meine E-Mail geantwortet. Das ist unverschämt.",
        "Das Ladegerät ist explodiert und hat mir die Hand verbrannt. Ich war im Krankenhaus.",
    ),
}
ANSWERED, SETTLED, WITHOUT_ADDRESS, TAKEN_UP = 0.25, 0.15, 0.05, 0.8


def found_the_house() -> None:
    """An organisation with a shop in London and one in Berlin; the Berlin shop has nobody of its own."""
    root = create_unit(
        actor=SYSTEM, key="northlight", name="Northlight", parent=None, kind=UnitKind.ORGANISATION,
        timezone="Europe/London", country="GB", language="en", currency="GBP", rule_packs=["house"],
        sender_name="Northlight customer care", sender_email="care@amends.localhost",
    )  # fmt: skip
    london = create_unit(actor=SYSTEM, key="london", name="London shop", parent=root, kind=UnitKind.SHOP)
    create_unit(
        actor=SYSTEM, key="berlin", name="Laden Berlin", parent=root, kind=UnitKind.SHOP, timezone="Europe/Berlin",
        country="DE", subdivision="BE", language="de", currency="EUR", rule_packs=["house"],
    )  # fmt: skip
    care = Team.objects.create(key="care", name="Customer care", unit=london, tier=1, languages=["en"])
    Product.objects.create(key="aria-one", name="Aria One", line="Speakers", price="199.00")
    people: tuple[tuple[str, list[tuple[Any, Role]], list[Team]], ...] = (
        ("Alice", [(london, Role.AGENT)], [care]),
        ("Lena", [(london, Role.LEAD)], [care]),
        ("Dora", [(root, Role.DIRECTOR)], []),
        ("Ada", [(root, Role.ADMINISTRATOR)], []),
    )
    for name, roles, teams in people:
        create_user(
            actor=SYSTEM, email=f"{name.lower()}@northlight.example", name=name, password=PASSWORD, roles=roles,
            teams=teams,
        )  # fmt: skip


@dataclass
class Life:
    """Brings so many complaints, spread over the week by chance."""

    chance: random.Random
    complaints: int
    brought: int = 0
    open: list[int] = field(default_factory=list)

    def go_on(self, step: int, steps: int) -> None:
        """What happens at one moment of the week."""
        until = self.complaints * (step + 1) // steps
        while self.brought < until:
            self._complain(self.brought)
            self.brought += 1
        if step == steps // 2:
            User.objects.filter(email="alice@northlight.example").update(is_active=False)
        self._work()
        self.answer_alerts()

    def _complain(self, number: int) -> None:
        language = self.chance.choice(("en", "en", "de"))
        reachable = self.chance.random() >= WITHOUT_ADDRESS
        person = Person(
            name=f"Customer {number}",
            email=f"customer{number}@example.org" if reachable else "",
            phone="" if reachable else "020 7946 0000",
            language=language,
        )
        new = NewComplaint(
            channel=self.chance.choice(("web", "api")),
            complainant=person,
            subject=f"Speaker {number}",
            text=self.chance.choice(WORDS[language]),
            product="aria-one",
            unit_id=Unit.objects.get(key="london" if language == "en" else "berlin").pk,
        )
        self.open.append(register(actor=SYSTEM, new=new).complaint.pk)

    def answer_alerts(self) -> None:
        """Whoever of Lena and Dora was told says of most alerts that they have it; the others climb."""
        for name in ("lena", "dora"):
            who = actor_for_user(User.objects.get(email=f"{name}@northlight.example"))
            mine = Alert.objects.filter(answered_at=None, notifications__user_id=who.user_id)
            for pk in mine.distinct().order_by("pk").values_list("pk", flat=True):
                if self.chance.random() < TAKEN_UP:
                    answer(actor=who, alert_id=pk)

    def _work(self) -> None:
        """Lena answers some of what lies there and settles some; most of it is left to run out."""
        lena = actor_for_user(User.objects.get(email="lena@northlight.example"))
        for complaint_id in self.chance.sample(self.open, len(self.open) // 10):
            fate = self.chance.random()
            complaint = Complaint.objects.select_related("customer", "unit").get(pk=complaint_id)
            if complaint.unit.key != "london" or not complaint.customer.email:
                continue
            if fate < ANSWERED:
                reply(actor=lena, complaint_id=complaint_id, text="Good morning, I have your speaker on my desk.")
            if fate < SETTLED and complaint.phase == Phase.ACKNOWLEDGED:
                move(
                    actor=lena, complaint_id=complaint_id, action="resolve", outcome="upheld", reason="Money sent back."
                )
                self.open.remove(complaint_id)
