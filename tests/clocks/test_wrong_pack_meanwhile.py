"""While an organisation's own file is wrong: the other packs count, what runs runs on, and mending it needs no restart."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from pytest_django import Settings
from tests.people import House, new_complaint

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint
from amends.clocks.configured import pack_problems
from amends.clocks.jobs import refresh_packs
from amends.clocks.models import Clock
from amends.clocks.public import recompute
from amends.clocks.services import packs_of
from amends.core import clock

pytestmark = pytest.mark.django_db

RECEIVED = datetime(2026, 3, 2, 10, tzinfo=UTC)
OURS = """\
key: KEY
version: 2026-02-01
title: {en: Ours, de: Unsere}
regime: Own promise
scope: {en: Everything, de: Alles}
calendar: {timezone: Europe/London, slots: {mon: ["09:00-17:00"]}}
clocks:
  - kind: final_response
    title: {en: Answer, de: Antworten}
    duration: {calendar_days: 3}
    end: end_of_day
    stops: [resolved]
    source: {document: Our promise, date: 2026-02-01}
    certainty: confirmed
examples:
  - {says: Three days., received: 2026-03-02T10:00:00+00:00, timezone: UTC, due: {final_response: 2026-03-05}}
"""


@pytest.fixture
def folder(tmp_path: Path, settings: Settings, house: House) -> Path:
    settings.AMENDS_PACKS_DIR = str(tmp_path)
    write(tmp_path, "ours", OURS)
    write(tmp_path, "house", OURS)
    house.london.rule_packs = ["ours", "house", "uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    return tmp_path


def write(folder: Path, key: str, text: str) -> None:
    file = folder / f"{key}.yaml"
    before = file.stat().st_mtime_ns if file.exists() else 0
    file.write_text(text.replace("KEY", key))
    os.utime(file, ns=(before + 10**9, before + 10**9))  # two writes may fall into one tick of the file system


def at_london(house: House) -> Complaint:
    with clock.frozen_at(RECEIVED):
        return new_complaint(house.london, received_at=RECEIVED, key=f"k{Complaint.objects.count()}", source="test")


def finals(complaint: Complaint) -> dict[str, date]:
    running = Clock.objects.filter(complaint=complaint, kind="final_response", stopped_at=None)
    return {one.pack: one.due_at.date() for one in running}


def test_one_wrong_file_takes_no_other_pack_with_it(
    house: House, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(folder, "ours", "key: [ours")
    # The built-in house rules give five working days, our own three calendar days.
    assert finals(at_london(house)) == {"house": date(2026, 3, 5), "uk-fca-disp": date(2026, 4, 27)}
    assert "'ours'" in caplog.text
    assert [one.startswith(f"{folder / 'ours.yaml'}, line ") for one in pack_problems(["ours"])] == [True]


def test_a_built_in_pack_takes_the_place_of_a_wrong_one_of_our_own(house: House, folder: Path) -> None:
    write(folder, "house", "key: [house")
    assert finals(at_london(house))["house"] == date(2026, 3, 9)


def test_what_runs_by_a_pack_that_cannot_be_read_runs_on_as_it_was(house: House, folder: Path) -> None:
    complaint = at_london(house)
    before = finals(complaint)
    assert before == {"ours": date(2026, 3, 5), "house": date(2026, 3, 5), "uk-fca-disp": date(2026, 4, 27)}
    for key in ("ours", "house"):
        write(folder, key, "key: nothing")
    with clock.frozen_at(RECEIVED + timedelta(hours=1)):
        assert recompute(actor=SYSTEM, complaint_id=complaint.pk) == 0
        assert refresh_packs(timestamp=0) == 0
    assert finals(complaint) == before
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    with clock.frozen_at(RECEIVED + timedelta(hours=2)):
        assert recompute(actor=SYSTEM, complaint_id=complaint.pk) == 0
        assert refresh_packs(timestamp=0) == 0
    assert finals(complaint) == before


def test_a_new_version_of_a_file_counts_without_a_restart(house: House, folder: Path) -> None:
    complaint = at_london(house)
    assert [pack.version for pack in packs_of(complaint)][:2] == [date(2026, 2, 1)] * 2
    newer = OURS.replace("2026-02-01", "2026-03-02").replace("calendar_days: 3", "calendar_days: 4")
    write(folder, "ours", newer.replace("due: {final_response: 2026-03-05}", "due: {final_response: 2026-03-06}"))
    with clock.frozen_at(RECEIVED + timedelta(hours=1)):
        assert refresh_packs(timestamp=0) == 1
    assert finals(complaint)["ours"] == date(2026, 3, 6)


def test_a_pack_that_a_unit_does_not_have_any_more_stops_its_clocks(house: House, folder: Path) -> None:
    complaint = at_london(house)
    house.london.rule_packs = ["uk-fca-disp"]
    house.london.save(update_fields=["rule_packs"])
    with clock.frozen_at(RECEIVED + timedelta(hours=1)):
        recompute(actor=SYSTEM, complaint_id=complaint.pk)
    assert finals(complaint) == {"uk-fca-disp": date(2026, 4, 27)}
