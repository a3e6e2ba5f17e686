"""Works inside a running system for the stories: founds the organisation, does the worker's work at another time.

Takes one JSON object `{"verb", "at", "values"}` as its argument and prints its answer as JSON on the last line.
"""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from datetime import datetime
from typing import Any

from amends.cli import environment, supervised

PASSWORD = "correct horse battery"


def found_the_house() -> dict[str, Any]:
    """The organisation of the stories: a British maker with a shop in London and one in Berlin, and its people."""
    from amends.accounts.public import SYSTEM, Role, Team, UnitKind, create_unit, create_user
    from amends.cases.public import Product

    root = create_unit(
        actor=SYSTEM, key="northlight", name="Northlight", parent=None, kind=UnitKind.ORGANISATION,
        timezone="Europe/London", country="GB", language="en", currency="GBP", rule_packs=["house", "uk-fca-disp"],
        sender_name="Northlight customer care", sender_email="care@amends.localhost",
    )  # fmt: skip
    london = create_unit(actor=SYSTEM, key="london", name="London shop", parent=root, kind=UnitKind.SHOP)
    berlin = create_unit(
        actor=SYSTEM, key="berlin", name="Laden Berlin", parent=root, kind=UnitKind.SHOP, timezone="Europe/Berlin",
        country="DE", subdivision="BE", language="de", currency="EUR", rule_packs=["house"],
    )  # fmt: skip
    experts = Team.objects.create(key="specialists", name="Technical specialists", unit=root, tier=2)
    care = Team.objects.create(
        key="care", name="Customer care", unit=root, tier=1, languages=["en"], escalates_to=experts
    )
    german = Team.objects.create(
        key="care-de", name="Kundendienst", unit=root, tier=1, languages=["de"], escalates_to=experts
    )
    Product.objects.create(key="aria-one", name="Aria One", line="Speakers", price="199.00")
    people = (
        ("Alice Adeyemi", [(root, Role.AGENT)], [care]),
        ("Bob Brandt", [(root, Role.SPECIALIST)], [experts]),
        ("Lena Lorentz", [(root, Role.LEAD)], [care]),
        ("Dora Dahl", [(root, Role.DIRECTOR)], []),
        ("Greta Gruber", [(root, Role.AGENT)], [german]),
        ("Charlie Outsider", [(berlin, Role.AGENT)], []),
    )
    made = {}
    for name, roles, teams in people:
        address = f"{name.split()[0].lower()}@northlight.example"
        made[address] = create_user(
            actor=SYSTEM, email=address, name=name, password=PASSWORD, roles=roles, teams=teams
        ).pk
    return {"people": made, "london": london.pk}


def send_follow_ups() -> int:
    """What is due by now goes out; the letters leave at once, as the worker would do it at this time."""
    from amends.cases.public import Message, MessageState
    from amends.followup.public import send_due
    from amends.intake.channels.email import outbox

    count = send_due()
    for message_id in Message.objects.filter(state=MessageState.QUEUED, channel="email").values_list("pk", flat=True):
        outbox.deliver(message_id=message_id)
    return count


def take_up_what_was_left() -> dict[str, int]:
    """The look-outs of the worker that wait some minutes, at the given time: lost jobs get new ones."""
    from amends.intake.channels.email.jobs import take_up_mail
    from amends.triage.public import catch_up
    from amends.voice.jobs import catch_up as acknowledge_missed

    assessed = catch_up()
    acknowledge_missed(timestamp=0)
    return {"assessed": assessed, "mail": take_up_mail(timestamp=0)}


VERBS = {verb.__name__: verb for verb in (found_the_house, send_follow_ups, take_up_what_was_left)}


def main() -> None:
    order = json.loads(sys.argv[1])
    supervised.begin()
    with environment.django_ready():
        from amends.core import clock

        time = clock.frozen_at(datetime.fromisoformat(order["at"])) if order["at"] else nullcontext()
        with time:
            print(json.dumps(VERBS[order["verb"]](**order["values"])))


if __name__ == "__main__":
    main()
