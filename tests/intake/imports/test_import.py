"""Imports: whole, resumable, once; and what is wrong with a row is said with its line."""

from __future__ import annotations

import csv
import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.people import House

from amends.accounts.public import SYSTEM, User
from amends.audit.public import seal, verify
from amends.cases.public import Complaint, Message, record_assessment
from amends.clocks.public import clocks_of, sweep
from amends.core.errors import BadInput
from amends.intake.channels.imports import run as runner
from amends.intake.channels.imports.mapping import built_in, load_mapping
from amends.intake.channels.imports.models import ImportRun
from amends.intake.channels.imports.run import ImportOrder, run_import
from amends.notifications.public import unread


def take(house: House, path: Path, form: str, mapping: Path | None = None) -> ImportRun:
    return run_import(
        actor=SYSTEM, order=ImportOrder(path, form, house.london, mapping, path.with_suffix(".errors.csv"))
    )


def errors_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.with_suffix(".errors.csv").read_text().splitlines()))


def test_good_rows_go_in_and_bad_ones_are_listed_with_line_and_reason(house: House, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text(
        "id,text,complainant.name,complainant.email,received_at,colour\n"
        '1,"Broken,\nand nobody called",Ann,ann@example.org,2025-01-02T10:00:00Z,red\n'
        "2,Late again,Ben,ben@example.org,yesterday,blue\n"
        "3,Too,many,values,here,now,really\n"
        "4,,Cid,,2025-01-03,\n"
        "5,Rude at the counter,Dan,dan@example.org,2025-01-04,green\n"
    )
    run = take(house, path, "csv")
    assert (run.rows, run.created, run.known, run.refused) == (5, 2, 0, 3)
    assert run.finished_at is not None
    listed = errors_of(path)
    assert [one["line"] for one in listed] == ["4", "5", "6"]
    assert "yesterday" in listed[0]["reason"]
    assert "7 values" in listed[1]["reason"]
    assert "both empty" in listed[2]["reason"]
    first = Complaint.objects.get(customer__email="ann@example.org")
    assert first.received_at == datetime(2025, 1, 2, 10, tzinfo=UTC)
    assert first.attributes == {"colour": "red"}
    assert (first.phase, first.outcome) == ("closed", "resolved_informally")
    assert first.reference
    assert Message.objects.get(complaint=first).text == "Broken,\nand nobody called"
    seal()
    assert verify().whole


def test_an_import_that_was_stopped_goes_on_where_it_stopped(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "many.jsonl"
    path.write_text("".join(json.dumps({"id": number, "text": f"Complaint {number}."}) + "\n" for number in range(25)))
    monkeypatch.setattr(runner, "BATCH", 10)
    calls = 0

    def stop_in_the_second_batch(*args: object, **kwargs: object) -> None:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise KeyboardInterrupt
        return real(*args, **kwargs)

    real = runner._take_in
    monkeypatch.setattr(runner, "_take_in", stop_in_the_second_batch)
    with pytest.raises(KeyboardInterrupt):
        take(house, path, "jsonl")
    assert Complaint.objects.count() == 10
    monkeypatch.setattr(runner, "_take_in", real)
    run = take(house, path, "jsonl")
    assert (run.rows, run.created) == (25, 25)
    assert Complaint.objects.count() == 25
    again = take(house, path, "jsonl")
    assert again.pk == run.pk
    assert Complaint.objects.count() == 25


def test_the_same_complaint_in_another_file_is_known(house: House, tmp_path: Path) -> None:
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    one.write_text('{"id": "a", "text": "First."}\n')
    two.write_text('{"id": "a", "text": "First."}\n{"id": "b", "text": "Second."}\n{"id": "b", "text": "Second."}\n')
    take(house, one, "jsonl")
    run = take(house, two, "jsonl")
    assert (run.created, run.known) == (1, 2)


def test_nought_is_a_key_like_any_other(house: House, tmp_path: Path) -> None:
    path = tmp_path / "nought.jsonl"
    path.write_text('{"id": 0, "text": "First."}\n{"id": 0, "text": "Said again in other words."}\n')
    assert (take(house, path, "jsonl").created, Complaint.objects.get().intake_keys.get().key) == (1, "0")


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ('{"text": 5}', "text"),
        ('{"text": "x", "unit": "nowhere"}', "no unit"),
        ('{"text": "x", "phase": "resolved"}', "needs an outcome"),
        ('{"text": "x", "phase": "dancing"}', "no phase"),
        ('{"text": "x", "surprise": 1}', "surprise"),
        ('{"text": "x", "complainant": {"name": "' + "n" * 400 + '"}}', "complainant.name"),
    ],
)
def test_a_bad_line_is_refused_by_itself(house: House, tmp_path: Path, line: str, reason: str) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(line + '\n{"text": "The next one is fine."}\n')
    run = take(house, path, "jsonl")
    assert (run.created, run.refused) == (1, 1)
    assert reason in errors_of(path)[0]["reason"]


def test_other_encodings_and_nul_bytes_are_read(house: House, tmp_path: Path) -> None:
    path = tmp_path / "latin.csv"
    path.write_bytes("text\nGerät in München kap\x00utt\n".encode("windows-1252"))
    take(house, path, "csv")
    assert Complaint.objects.get().text == "Gerät in München kaputt"


def test_a_file_or_mapping_that_cannot_be_used_stores_nothing(house: House, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("colour\nred\n")
    with pytest.raises(BadInput, match="No column is named"):
        take(house, path, "csv")
    mapping = tmp_path / "m.toml"
    mapping.write_text('name = "x"\n[fields]\nnonsense = "colour"\n')
    with pytest.raises(BadInput, match="unknown: nonsense"):
        take(house, path, "csv", mapping)
    mapping.write_text("name = \n")
    with pytest.raises(BadInput, match="not TOML"):
        load_mapping(mapping)
    with pytest.raises(BadInput, match="no file"):
        take(house, tmp_path / "absent.csv", "csv")
    assert ImportRun.objects.count() == 0


def test_nothing_is_sent_for_complaints_of_the_past(house: House, tmp_path: Path) -> None:
    path = tmp_path / "one.jsonl"
    path.write_text(
        '{"id": 1, "text": "It broke.", "complainant": {"email": "a@example.org"}, "received_at": "2024-01-01T00:00:00Z"}\n'
    )
    take(house, path, "jsonl")
    from procrastinate.contrib.django.models import ProcrastinateJob

    names = set(ProcrastinateJob.objects.values_list("task_name", flat=True))
    assert not {one for one in names if "acknowledge" in one or "deliver" in one}


def test_an_open_complaint_of_the_past_gets_its_clocks_and_alarms_nobody(
    house: House, lena: User, tmp_path: Path
) -> None:
    path = tmp_path / "open.jsonl"
    path.write_text(
        '{"id": 1, "text": "Still open.", "phase": "investigating", "received_at": "2024-01-01T00:00:00Z"}\n'
        '{"id": 2, "text": "Done.", "phase": "closed", "outcome": "upheld", "outcome_reason": "x", "received_at": "2024-01-01T00:00:00Z"}\n'
    )
    take(house, path, "jsonl")
    still_open, done = Complaint.objects.get(phase="investigating"), Complaint.objects.get(phase="closed")
    assert clocks_of(still_open)
    assert clocks_of(done) == []
    sweep()
    for one in (still_open, done):
        record_assessment(actor=SYSTEM, complaint_id=one.pk, values={"language": "en", "severity": 4})
    assert unread(lena.pk) == []
    still_open.refresh_from_db()
    assert still_open.team == house.care


@pytest.mark.shared_data
@pytest.mark.django_db(transaction=True)  # many commits, as in life: one huge transaction is ten times slower
def test_the_cfpb_file_goes_in_whole(house: House, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "complaints" / "cfpb_structured_2015q1.csv"
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    run = take(house, path, "cfpb")
    assert run.refused == 0
    assert run.created + run.known == run.rows == 28_156
    one = Complaint.objects.get(intake_keys__key="1290580")
    assert one.attributes["sub_product"] == "Medical"
    assert one.received_at.astimezone(ZoneInfo("America/New_York")).date().isoformat() == "2015-03-19"
    assert one.phase == "closed"


@pytest.mark.shared_data
def test_the_fcc_file_goes_in_whole_on_the_right_days(house: House, shared_data: Path, tmp_path: Path) -> None:
    source = shared_data / "complaints" / "fcc_comcast_2015.csv"
    path = tmp_path / source.name
    path.write_bytes(source.read_bytes())
    run = take(house, path, "csv", Path("fcc"))
    assert run.refused == 0
    assert run.created == run.rows == 2224
    zone = ZoneInfo(built_in("fcc").timezone)
    days = Counter(
        one.astimezone(zone).date().isoformat() for one in Complaint.objects.values_list("received_at", flat=True)
    )
    known = list(csv.DictReader((shared_data / "spikes" / "fcc_comcast_daily_2015.csv").read_text().splitlines()))
    day, count = list(known[0])[:2]
    assert {row[day]: int(row[count]) for row in known} == days
