"""Tables in every shape that spreadsheets and old systems write them; what is no table is refused in words."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from openpyxl import Workbook
from tests.people import House

from amends.accounts.public import SYSTEM
from amends.cases.public import Complaint, Message
from amends.core.errors import BadInput
from amends.intake.channels.imports import sheets
from amends.intake.channels.imports.models import ImportRun
from amends.intake.channels.imports.reading import csv_columns, csv_lines
from amends.intake.channels.imports.run import ImportOrder, dry_run, run_import
from amends.intake.channels.imports.sniffing import delimiter_of, sniff

pytestmark = pytest.mark.django_db
WORDS = "Das Gerät ist kaputt – „Müll“"


def order(house: House, path: Path, form: str, mapping: Path | None = None) -> ImportOrder:
    return ImportOrder(path, form, house.london, mapping, path.with_suffix(".errors.csv"))


def take(house: House, path: Path, form: str, mapping: Path | None = None) -> ImportRun:
    return run_import(actor=SYSTEM, order=order(house, path, form, mapping))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "windows-1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encoding_and_delimiter_are_found(house: House, tmp_path: Path, encoding: str, delimiter: str) -> None:
    path = tmp_path / "table.csv"
    rows = [
        ["id", "text", "complainant.name"],
        ["1", WORDS, "Jörg"],
        ["2", f'"Zwei{delimiter} Teile\nund Zeilen"', "Ann"],
    ]
    path.write_bytes("\r\n".join(delimiter.join(row) for row in rows).encode(encoding))
    run = take(house, path, "csv")
    assert (run.created, run.refused) == (2, 0)
    assert Complaint.objects.get(intake_keys__key="1").text == WORDS
    assert Complaint.objects.get(intake_keys__key="2").text == f"Zwei{delimiter} Teile\nund Zeilen"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf \r\n", "is empty"),
        (b",,\n1,2,3\n", "is empty"),
        (b"%PDF-1.7 ...", "a PDF document"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "old Excel file"),
        (b"\x1f\x8b\x08" + bytes(100), "gzip"),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "a picture"),
        (b"PK\x03\x04" + bytes(200), "damaged"),
        (bytes(range(32)) * 100, "is not text"),
        (b"text,id,text\na,1,b\n", "'text' twice (columns 1 and 3)"),
        (b'{"id": 1}\n', "not a table"),
        (b"<html></html>", "not a table"),
    ],
)
def test_what_is_no_table_is_refused_and_nothing_is_stored(
    house: House, tmp_path: Path, content: bytes, words: str
) -> None:
    path = tmp_path / "given.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput) as refusal:
        take(house, path, "csv")
    assert words in refusal.value.message
    assert ImportRun.objects.count() == 0


def test_a_huge_cell_is_one_refused_row(house: House, tmp_path: Path) -> None:
    path = tmp_path / "huge.csv"
    path.write_text("id,text\n1,fine\n2," + "x" * 10_000_000 + '\n3,"' + "y\n" * 2_500_000 + '"\n4,fine too\n')
    run = take(house, path, "csv")
    assert (run.created, run.refused) == (2, 2)
    assert all("at most" in one.reason for one in run.problems.all())
    assert max(len(one.content) for one in run.problems.all()) <= 2000


def test_one_endless_line_is_not_read_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from amends.intake.channels.imports import reading

    monkeypatch.setattr(reading, "LINE_LIMIT", 1000)
    path = tmp_path / "endless.csv"
    path.write_text("id,text\n1," + "x" * 5000)
    with pytest.raises(BadInput, match="not a table"):
        list(csv_lines(path, "utf-8", ","))


def test_columns_without_a_name_are_called_by_their_place(tmp_path: Path) -> None:
    path = tmp_path / "names.csv"
    path.write_text("text,,\nA,b,c\n")
    assert csv_columns(path, "utf-8", ",") == ["text", "column 2", "column 3"]


def test_a_sentence_with_commas_does_not_make_a_comma_table() -> None:
    assert delimiter_of("id;text\n1;one, two, three\n2;four, five\n") == ";"
    assert delimiter_of("text\nonly one column, with a comma\n") == ","


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('{"id": 1}\n{"id": 2}\n', "jsonl"),
        ('{"id": 1}', "jsonl"),
        ('{"tickets": []}', "json"),
        ('{\n  "tickets": [\n', "json"),
        ('[\n  {"id": 1}\n]', "json"),
        ('[{"id": 1}]', "json"),
        ("{broken\n" + '{"id": 1}\n', "jsonl"),
        ("<helpdesk-tickets/>", "xml"),
        ("a,b\n1,2\n", "csv"),
    ],
)
def test_kinds_of_files_are_told_apart(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "given"
    path.write_text(text)
    assert sniff(path).kind == kind


def workbook(path: Path) -> Path:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["id", "text", "received_at", "complainant.name", "price", "paid", "sum"])
    sheet.append(
        [
            1.0,
            "Broken",
            datetime(2025, 3, 2, 10, 30),  # noqa: DTZ001  # a cell has no zone
            "Ann",
            19.5,
            True,
            "=E2*2",
        ]
    )
    sheet.append([])
    sheet.append(["2", WORDS, date(2025, 3, 3), "Ben", None, False, None])
    sheet.append([3, "", None, "Nobody", None, None, None])
    book.create_sheet("Other").append(["id", "text"])
    book.save(path)
    return path


def with_value_of_formula(path: Path) -> Path:
    """The workbook as a spreadsheet saves it: with the value that the formula had."""
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    sheet = parts["xl/worksheets/sheet1.xml"]
    value = re.sub(rb"<f>E2\*2</f><v\s*(/>|></v>)", b"<f>E2*2</f><v>39</v>", sheet)
    parts["xl/worksheets/sheet1.xml"] = value
    assert parts["xl/worksheets/sheet1.xml"] != sheet
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def test_a_workbook_is_read_with_its_dates_and_the_values_of_its_formulas(house: House, tmp_path: Path) -> None:
    path = with_value_of_formula(workbook(tmp_path / "old.xlsx"))
    run = take(house, path, "xlsx")
    assert (run.rows, run.created, run.refused) == (3, 2, 1)
    first = Complaint.objects.get(intake_keys__key="1")
    assert first.received_at == datetime(2025, 3, 2, 10, 30, tzinfo=UTC)
    assert first.attributes == {"price": "19.5", "paid": "true", "sum": "39"}
    assert Complaint.objects.get(intake_keys__key="2").text == WORDS
    assert run.problems.get().line == 5


def test_a_sheet_is_chosen_by_the_mapping(house: House, tmp_path: Path) -> None:
    path = workbook(tmp_path / "old.xlsx")
    mapping = tmp_path / "m.toml"
    mapping.write_text('name = "x"\nsheet = "Nowhere"\n[fields]\ntext = "text"\n')
    with pytest.raises(BadInput, match="no sheet 'Nowhere'; it has: Sheet, Other"):
        take(house, path, "xlsx", mapping)
    mapping.write_text('name = "x"\nsheet = "Other"\n[fields]\ntext = "text"\n')
    assert take(house, path, "xlsx", mapping).rows == 0


def test_a_workbook_that_unpacks_into_too_much_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w") as part:
            for _ in range(100):
                part.write(bytes(1 << 20))
    assert path.stat().st_size < 1 << 20
    with pytest.raises(BadInput, match="not a usual workbook"):
        sheets.check_archive(path)


def test_a_zip_that_is_no_workbook_is_refused(house: House, tmp_path: Path) -> None:
    path = tmp_path / "files.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.csv", "text\nx\n")
    with pytest.raises(BadInput, match="is a zip file, not a workbook"):
        take(house, path, "xlsx")


def test_a_damaged_workbook_is_refused(house: House, tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx")
    path = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as damaged:
        for name in archive.namelist():
            damaged.writestr(name, archive.read(name)[: 300 if "sheet1" in name else None])
    with pytest.raises(BadInput, match="damaged"):
        take(house, path, "xlsx")


def test_a_sheet_that_breaks_off_says_where(house: House, tmp_path: Path) -> None:
    whole = workbook(tmp_path / "whole.xlsx")
    path = tmp_path / "short.xlsx"
    with zipfile.ZipFile(whole) as archive, zipfile.ZipFile(path, "w") as short:
        for name in archive.namelist():
            data = archive.read(name)
            short.writestr(name, data[: data.index(b'<row r="4"') + 12] if "sheet1" in name else data)
    run = take(house, path, "xlsx")
    assert (run.created, run.refused) == (1, 1)
    assert "damaged after row 2" in run.problems.get().reason


def test_our_own_json_lines_may_carry_a_history(house: House, tmp_path: Path) -> None:
    path = tmp_path / "own.jsonl"
    good = {
        "id": 1,
        "complainant": {"name": "Ann", "email": "ann@example.org"},
        "received_at": "2025-01-02T10:00:00Z",
        "phase": "closed",
        "outcome": "upheld",
        "outcome_reason": "Refunded.",
        "messages": [
            {"direction": "out", "at": "2025-01-03T10:00:00Z", "text": "Here is your money.", "author": "Sam"},
            {"direction": "in", "at": "2025-01-02T10:00:00Z", "text": "It broke.", "author": "Ann"},
        ],
    }
    bad = [
        {"direction": "up", "at": "2025-01-02T10:00:00Z", "text": "x"},
        {"direction": "in", "at": "soon", "text": "x"},
        "x",
    ]
    lines = [
        good,
        *({**good, "id": number, "messages": [one]} for number, one in enumerate(bad, start=2)),
        {**good, "id": 9, "messages": 5},
    ]
    path.write_text("".join(json.dumps(one) + "\n" for one in lines))
    run = take(house, path, "jsonl")
    assert (run.created, run.refused) == (1, 4)
    one = Complaint.objects.get()
    assert one.text == "It broke."
    assert [message.text for message in Message.objects.filter(complaint=one).order_by("at")] == [
        "It broke.",
        "Here is your money.",
    ]
    assert [problem.field for problem in run.problems.all()] == ["messages"] * 4


def test_json_lines_of_another_shape_are_read_with_a_mapping(house: House, tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_text('{"no": 7, "who": {"mail": "ann@example.org"}, "what": "It broke", "tags": ["a", "b"]}\n')
    mapping = tmp_path / "m.toml"
    mapping.write_text(
        'name = "theirs"\nkey = "no"\nothers = "*"\n[fields]\ntext = "what"\n"complainant.email" = "who.mail"\n'
    )
    take(house, path, "jsonl", mapping)
    one = Complaint.objects.get(intake_keys__key="7")
    assert (one.customer.email, one.attributes) == ("ann@example.org", {"tags": "a, b"})


def test_a_dry_run_reads_the_whole_file_and_stores_nothing(house: House, tmp_path: Path) -> None:
    path = tmp_path / "old.csv"
    path.write_text("id,text,received_at\n1,Late,2025-01-01\n2,Rude,someday\n3,,2025-01-01\n")
    created, known, count, refused = dry_run(actor=SYSTEM, order=order(house, path, "csv"))
    assert (created, known, count) == (1, 0, 2)
    assert (refused[0].line.number, refused[0].field) == (3, "received_at")
    assert Complaint.objects.count() == ImportRun.objects.count() == 0
    take(house, path, "csv")
    assert dry_run(actor=SYSTEM, order=order(house, path, "csv"))[:3] == (0, 1, 2)


def test_an_error_report_has_no_formulas(house: House, tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_text('text,received_at\n"=HYPERLINK(""http://x"")",never\n')
    take(house, path, "csv")
    report = path.with_suffix(".errors.csv").read_text()
    assert "'=HYPERLINK" in report
    assert report.splitlines()[0] == "line,field,reason,row"
