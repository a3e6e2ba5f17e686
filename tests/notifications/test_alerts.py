"""An alert climbs until somebody has it; each person is told once; those who are away or asleep hold nothing up."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from time import sleep
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from tests.people import House, actor, new_complaint

from amends.accounts.public import User
from amends.audit.public import record, records_of
from amends.cases.public import Complaint, move, take
from amends.clocks.public import sweep
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.notifications import alerts
from amends.notifications.models import Alert, Delivery, Notification, StandIn, Wishes
from amends.notifications.public import history_of, unread
from amends.notifications.rules import Wish, next_step, quiet_until, receivers
from amends.notifications.wishes import be_away, be_back, set_wishes

NOW = datetime(2026, 3, 2, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _now(settings: Any) -> Iterator[None]:
    settings.EMAIL_HOST = "127.0.0.1"  # nothing is sent in these tests, but there is a relay to send to
    with clock.frozen_at(NOW):
        yield


def raised(*levels: list[User], minutes: int = 5, key: str = "k", complaint: Complaint | None = None) -> Alert | None:
    return alerts.raise_alert(
        levels=[[one.pk for one in level] for level in levels],
        kind="serious_case",
        title=lambda: "AM-1: something happened",
        url="/queue/all/",
        complaint_id=complaint.pk if complaint else None,
        key=key,
        minutes=minutes,
    )


def told() -> list[str]:
    return [one.user.name.split()[0] for one in Notification.objects.select_related("user").order_by("id")]


def climb_after(minutes: float) -> int:
    with clock.frozen_at(NOW + timedelta(minutes=minutes)):
        return alerts.climb()


def test_nobody_answers_and_the_next_in_line_is_told_until_somebody_does(
    alice: User, lena: User, dora: User, complaint: Complaint
) -> None:
    alert = raised([alice], [lena], [dora], complaint=complaint)
    assert alert is not None
    assert told() == ["Alice"]
    assert climb_after(4.9) == 0
    assert climb_after(5) == 1
    assert told() == ["Alice", "Lena"]
    assert climb_after(10) == 1
    with clock.frozen_at(NOW + timedelta(minutes=11)):
        assert alerts.answer(actor=actor(lena), alert_id=alert.pk) is True
        assert alerts.answer(actor=actor(dora), alert_id=alert.pk) is False
    assert climb_after(60) == 0
    alert.refresh_from_db()
    assert (alert.answered_by, alert.answered_how, alert.climbs_at) == (lena, "button", None)
    assert told() == ["Alice", "Lena", "Dora"]
    kinds = [row.kind for row in records_of(f"complaint:{complaint.pk}")]
    assert [kind for kind in kinds if kind.startswith("alert")] == [
        "alert_raised", "alert_climbed", "alert_climbed", "alert_answered",
    ]  # fmt: skip
    (shown,) = history_of(complaint.pk)
    assert [one.user for one in shown.notifications.all()] == [alice, lena, dora]


def test_the_last_in_line_is_reminded_again_and_again_but_not_for_ever(alice: User) -> None:
    raised([alice])
    passed = 0.0
    while (waiting := Alert.objects.get().climbs_at) is not None:
        passed = (waiting - NOW) / timedelta(minutes=1)
        assert climb_after(passed) == 1
    assert len(told()) == 49
    assert timedelta(hours=20) < timedelta(minutes=passed) < timedelta(hours=26)


def test_the_same_event_raises_one_alert_and_somebody_in_two_levels_is_told_once(alice: User, lena: User) -> None:
    assert raised([alice, lena], [lena]) is not None
    assert raised([alice], [lena]) is None
    assert told() == ["Alice", "Lena"]
    assert Alert.objects.get().levels == [[alice.pk, lena.pk]]


def test_a_level_whose_people_have_left_is_passed_over_at_once(alice: User, lena: User) -> None:
    alice.is_active = False
    alice.save(update_fields=["is_active"])
    raised([alice], [lena])
    assert climb_after(0) == 1
    assert told() == ["Lena"]


def test_somebody_with_quiet_hours_is_not_woken_and_holds_nothing_up(alice: User, lena: User) -> None:
    set_wishes(actor=actor(alice), by_email="all", quiet_from=time(22), quiet_until=time(7), timezone="Europe/Berlin")
    with clock.frozen_at(NOW.replace(hour=23)):
        raised([alice], [lena])
        assert alerts.climb() == 1
    assert told() == ["Alice", "Lena"]
    mail_of = {one.notification.user: one.not_before for one in Delivery.objects.select_related("notification__user")}
    assert mail_of[alice] == datetime(2026, 3, 3, 6, tzinfo=UTC)
    assert mail_of[lena] == NOW.replace(hour=23)


def test_a_stand_in_hears_of_it_and_answers_for_it(alice: User, lena: User, bob: User) -> None:
    be_away(actor=actor(alice), stand_in_id=lena.pk, first=NOW - timedelta(days=1), last=NOW + timedelta(days=1))
    be_away(actor=actor(lena), stand_in_id=bob.pk, first=NOW - timedelta(days=1), last=NOW + timedelta(days=1))
    alert = raised([alice])
    assert alert is not None
    assert sorted(told()) == ["Alice", "Bob"]  # in her pages she finds it when she is back
    assert Notification.objects.get(user=bob).stands_in_for == alice
    assert {one.notification.user for one in Delivery.objects.select_related("notification__user")} == {bob}
    assert alerts.answer(actor=actor(bob), alert_id=alert.pk)


def test_an_absence_ends_when_one_is_back(alice: User, lena: User, bob: User) -> None:
    absence = be_away(actor=actor(alice), stand_in_id=lena.pk, first=NOW, last=NOW + timedelta(days=9))
    with pytest.raises(BadInput, match="already"):
        be_away(actor=actor(alice), stand_in_id=bob.pk, first=NOW, last=NOW + timedelta(days=1))
    with pytest.raises(NotFound):
        be_back(actor=actor(lena), absence_id=absence.pk)
    with clock.frozen_at(NOW + timedelta(hours=1)):
        be_back(actor=actor(alice), absence_id=absence.pk)
        raised([alice])
    assert told() == ["Alice"]
    for wrong in ((alice.pk, 0, 1), (lena.pk, 1, 0), (lena.pk, -3, -2), (0, 0, 1)):
        with pytest.raises(BadInput):
            be_away(
                actor=actor(alice),
                stand_in_id=wrong[0],
                first=NOW + timedelta(days=wrong[1]),
                last=NOW + timedelta(days=wrong[2]),
            )
    assert StandIn.objects.count() == 1


def test_what_an_alert_asks_for_is_enough_without_a_press(house: House, alice: User, lena: User) -> None:
    complaint = new_complaint(house.london)
    with clock.frozen_at(NOW + timedelta(minutes=6)):
        sweep()
        raised([lena], complaint=complaint)
        take(actor=actor(alice), complaint_id=complaint.pk)
        serious, breach = Alert.objects.get(kind="serious_case"), Alert.objects.get(kind="clock_breached")
        assert (serious.answered_by, serious.answered_how) == (alice, "by itself")
        assert breach.answered_at is None  # an owner alone keeps no deadline
        move(actor=actor(alice), complaint_id=complaint.pk, action="withdraw", reason="It was another shop.")
    breach.refresh_from_db()
    assert (breach.answered_how, breach.climbs_at) == ("by itself", None)


def test_without_a_relay_no_mail_is_planned(settings: Any, alice: User) -> None:
    settings.EMAIL_HOST = ""
    raised([alice])
    assert not Delivery.objects.exists()


def test_only_who_was_told_may_answer(alice: User, charlie: User) -> None:
    alert = raised([alice])
    assert alert is not None
    with pytest.raises(NotFound):
        alerts.answer(actor=actor(charlie), alert_id=alert.pk)
    assert Alert.objects.get().answered_at is None


def test_a_broken_deadline_is_an_alert_that_reaches_the_director(
    house: House, lena: User, dora: User, ada: User
) -> None:
    complaint = new_complaint(house.london)
    with clock.frozen_at(NOW + timedelta(minutes=6)):
        sweep()
    breach = Alert.objects.get(kind="clock_breached")
    assert breach.levels == [[lena.pk], [dora.pk], [ada.pk]]
    assert breach.titles["de"] != breach.titles["en"]
    assert breach.complaint_id == complaint.pk
    with clock.frozen_at(NOW + timedelta(minutes=37)):
        alerts.climb()
    assert Notification.objects.filter(user=dora, alert=breach).count() == 1


def test_a_breach_where_nobody_works_reaches_the_administrators(house: House, ada: User) -> None:
    new_complaint(house.berlin)
    with clock.frozen_at(NOW + timedelta(minutes=6)):
        sweep()
    assert Alert.objects.get(kind="clock_breached").levels == [[ada.pk]]


def test_the_link_of_a_mail_answers_by_a_press_and_not_by_being_opened(client: Client, alice: User, lena: User) -> None:
    alert = raised([alice], [lena])
    assert alert is not None
    token = alerts.link_token(Notification.objects.get())
    page = client.get(f"/alerts/answer/{token}/")
    assert page.status_code == 200
    assert Alert.objects.get().answered_at is None
    assert "you have it now" in client.post(f"/alerts/answer/{token}/").content.decode()
    assert Alert.objects.get().answered_by == alice
    assert "Alice Example has it already" in client.get(f"/alerts/answer/{token}/").content.decode()
    for forged in (token[:-1] + ("a" if token[-1] != "a" else "b"), "1.x", "²." + token, "9" * 30 + ".aaaa", "x"):
        assert client.get(f"/alerts/answer/{forged}/").status_code == 404


def test_the_button_in_the_page_answers(client: Client, alice: User, charlie: User) -> None:
    alert = raised([alice])
    assert alert is not None
    client.force_login(charlie)
    assert client.post(f"/alerts/{alert.pk}/answer/").status_code == 404
    client.force_login(alice)
    assert "I have it" in client.get("/alerts/").content.decode()
    assert client.post(f"/alerts/{alert.pk}/answer/", headers={"HX-Request": "true"}).status_code == 302
    assert unread(alice.pk) == []


def test_wishes_are_kept_or_refused_whole(client: Client, alice: User) -> None:
    client.force_login(alice)
    form = {"by_email": "all", "quiet_from": "22:00", "quiet_until": "06:30", "timezone": "Europe/Berlin"}
    assert client.post("/alerts/wishes/", form).status_code == 302
    for wrong in (
        {"quiet_until": ""},
        {"timezone": "Mars"},
        {"by_email": "often"},
        {"services": "x"},
        {"quiet_from": "25"},
    ):
        assert client.post("/alerts/wishes/", form | wrong).status_code == 422
    row = Wishes.objects.get(user=alice)
    assert (row.by_email, row.quiet_from, row.quiet_until) == ("all", time(22), time(6, 30))
    page = client.get("/alerts/wishes/").content.decode()
    assert "22:00" in page


@pytest.mark.django_db(transaction=True)
def test_many_that_climb_at_the_same_time_tell_each_person_once(alice: User, lena: User) -> None:
    for number in range(8):
        raised([alice], [lena], key=f"k{number}")

    def one_worker(_number: int) -> int:
        try:
            return alerts.climb(now=NOW + timedelta(minutes=6))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(one_worker, range(4))) == 8
    assert Notification.objects.filter(user=lena).count() == 8


@pytest.mark.django_db(transaction=True)
def test_an_alert_that_climbs_while_its_case_is_worked_on_waits_instead_of_holding_it_up(
    alice: User, lena: User, complaint: Complaint
) -> None:
    """The verb of the case writes the record first and settles the alert then; the climb must not come between."""
    with transaction.atomic():
        raised([alice], [lena], complaint=complaint)

    def one_worker() -> int:
        try:
            return alerts.climb(now=NOW + timedelta(minutes=6))
        finally:
            connection.close()

    def waiting() -> bool:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
            return bool(cursor.fetchone()[0])

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            record(actor=actor(alice), chain=f"complaint:{complaint.pk}", kind="looked_at", data={})
            climbing = pool.submit(one_worker)
            while not waiting() and not climbing.done():
                sleep(0.01)
            assert alerts.settle(complaint_id=complaint.pk, by=actor(alice)) == 1
        assert climbing.result(timeout=20) == 0
    assert told() == ["Alice"]


@pytest.mark.parametrize(
    ("quiet", "hour", "until"),
    [
        ((time(22), time(7)), 23, datetime(2026, 3, 3, 7)),  # noqa: DTZ001
        ((time(22), time(7)), 3, datetime(2026, 3, 2, 7)),  # noqa: DTZ001
        ((time(22), time(7)), 7, None),
        ((time(12), time(14)), 13, datetime(2026, 3, 2, 14)),  # noqa: DTZ001
        ((time(12), time(14)), 11, None),
        ((time(12), time(12)), 12, None),
        (None, 12, None),
    ],
)
def test_quiet_hours_end(quiet: tuple[time, time] | None, hour: int, until: datetime | None) -> None:
    found = quiet_until(Wish(quiet=quiet), NOW.replace(hour=hour))
    assert found == (until.replace(tzinfo=UTC) if until else None)


def test_two_who_stand_in_for_each_other_are_told_themselves() -> None:
    assert receivers([1, 2, 3], {1: 2, 2: 1}) == {1: None, 2: None, 3: None}
    assert receivers([1], {1: 2, 2: 3}) == {3: 1}


def test_an_empty_level_is_passed_over() -> None:
    step = next_step(levels=[[1], [], [3]], level=0, rounds=0, minutes=5, now=NOW)
    assert (step.level, step.round, step.again_at) == (2, 0, NOW + timedelta(minutes=5))
