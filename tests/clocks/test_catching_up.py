"""A worker that was away takes the clocks up in their order, and says so."""

from __future__ import annotations

from datetime import timedelta

from tests.clocks.test_running_clocks import RECEIVED, at_london
from tests.people import House

from amends.accounts.public import User
from amends.clocks.models import Clock
from amends.clocks.services import Swept, sweep
from amends.core import clock
from amends.notifications.models import Notification


def test_after_a_standstill_the_oldest_come_first_and_the_administrators_hear_of_it(
    house: House, ada: User, alice: User
) -> None:
    for number in range(3):
        at_london(
            house, received=RECEIVED + timedelta(minutes=number), text=f"Thing {number}", key=str(number), source="t"
        )
    back = RECEIVED + timedelta(hours=3)
    with clock.frozen_at(back):
        assert sweep(limit=2) == Swept(breached=2)
        assert sweep(limit=2) == Swept(breached=1)
        assert sweep(limit=2) == Swept()
    noticed = Clock.objects.filter(kind="acknowledge").order_by("pk")
    assert [one.breached_at for one in noticed] == [back] * 3
    (told,) = Notification.objects.filter(kind="clocks_unattended")
    assert told.user == ada
    assert "No worker looked at the deadlines from 2 Mar 10:0" in told.title
    assert "to 2 Mar 13:00" in told.title


def test_a_sweep_in_time_says_nothing_of_the_kind(house: House, ada: User) -> None:
    at_london(house)
    for seconds, found in ((182, Swept(warned=1)), (302, Swept(breached=1))):
        with clock.frozen_at(RECEIVED + timedelta(seconds=seconds)):
            assert sweep() == found
    assert not Notification.objects.filter(kind="clocks_unattended").exists()
