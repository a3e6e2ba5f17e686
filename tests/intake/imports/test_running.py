"""Imports from the page and the API: looked at, tried, started in the worker, paused, killed, gone on with, and followed."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.database import database_url
from tests.people import House, actor

from amends.accounts.public import SYSTEM, Actor, User, create_token
from amends.audit.public import Record, seal, verify
from amends.cases.public import Complaint, Message
from amends.core import clock
from amends.core.errors import BadInput, Conflict, NotFound
from amends.intake.channels.imports import run as engine
from amends.intake.channels.imports import services
from amends.intake.channels.imports.models import ImportFile, ImportPart, ImportProblem, ImportRun

CSV = (
    "Ticket ID;Betreff;Beschreibung;Kundenname;E-Mail;Eingegangen am;Status\n"
    "1;Kaputt;Seit Montag kaputt;Jana Kurz;jana@example.org;13.02.2025 07:30;Geschlossen\n"
    "2;Spät;Kam zu spät;Jan Lang;jan@example.org;bald;Offen\n"
    "3;Laut;Zu laut;Ida Roth;ida@example.org;14.02.2025 08:00;Offen\n"
)


def give(client: Client, content: str | bytes = CSV, name: str = "alt.csv", **more: str) -> Any:
    data = content.encode() if isinstance(content, str) else content
    return client.post("/imports/", {"file": SimpleUploadedFile(name, data), "unit": "london", **more})


@pytest.fixture
def page(ada: User) -> Client:
    client = Client()
    client.force_login(ada)
    return client


def test_a_file_is_given_looked_at_tried_started_and_reported(house: House, page: Client, ada: User) -> None:
    answer = give(page)
    file = ImportFile.objects.get()
    assert answer.headers["Location"] == f"/imports/files/{file.pk}/"
    shown = page.get(f"/imports/files/{file.pk}/").content.decode()
    assert "Seit Montag kaputt" in shown
    assert "13 February 2025" in shown
    assert "bald" in shown
    assert "is not a date" in shown
    assert Complaint.objects.count() == 0

    page.post(f"/imports/files/{file.pk}/check/")
    file.refresh_from_db()
    assert ProcrastinateJob.objects.filter(task_name="intake.check_import", args__file_id=file.pk).exists()
    assert "Trying the whole file" in page.get(f"/imports/files/{file.pk}/state/").content.decode()
    services.check(file_id=file.pk, token=file.check_token)
    file.refresh_from_db()
    assert (file.check_state, file.checked_rows, file.checked_good, file.checked_refused) == ("done", 3, 2, 1)
    assert Complaint.objects.count() == 0
    assert b"Tried: nothing was stored" in page.get(f"/imports/files/{file.pk}/state/").content

    page.post(f"/imports/files/{file.pk}/start/")
    run = ImportRun.objects.get()
    assert (run.state, run.total, run.started_by) == ("running", 3, ada)
    assert ProcrastinateJob.objects.filter(task_name="intake.work_on_import", args__run_id=run.pk).exists()
    assert services.proceed(run_id=run.pk) == "finished at row 3"
    run.refresh_from_db()
    assert (run.state, run.created, run.refused) == ("finished", 2, 1)
    assert Complaint.objects.get(customer__name="Ida Roth").unit_id == house.london.pk
    assert b"Finished" in page.get(f"/imports/runs/{run.pk}/").content
    report = page.get(f"/imports/runs/{run.pk}/errors.csv")
    body = b"".join(report.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]  # a streaming answer
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["line"], row["field"]) for row in rows] == [("3", "received_at")]
    assert "bald" in rows[0]["reason"]
    assert "jan@example.org" in rows[0]["row"]
    assert b"alt.csv" in page.get("/imports/").content
    kinds = set(Record.objects.filter(chain=f"import:{run.pk}").values_list("kind", flat=True))
    assert kinds == {"import_started", "import_finished"}
    seal()
    assert verify().whole


def test_a_better_mapping_brings_in_the_rest(house: House, page: Client) -> None:
    content = "nr,wort,wann\nA,Es brach,13.2.25\nB,Es riss,14.2.25\n"
    give(page, content, "klein.csv")
    file = ImportFile.objects.get()
    text = 'name = "klein"\nkey = "nr"\n[fields]\ntext = "wort"\nreceived_at = { column = "wann", formats = ["%Y"] }\n'
    at = f"/imports/files/{file.pk}/"
    assert page.post(at, {"how": "toml", "format": "csv", "unit": "london", "toml": text}).status_code == 302
    page.post(f"{at}start/")
    first = ImportRun.objects.get()
    services.proceed(run_id=first.pk)
    first.refresh_from_db()
    assert (first.created, first.refused) == (0, 2)
    wrong = page.post(at, {"how": "toml", "format": "csv", "unit": "london", "toml": text.replace('"wort"', '"wo"')})
    assert wrong.status_code == 302  # one missing column of three leaves the text empty; the rows say so
    mended = {"how": "toml", "format": "csv", "unit": "london", "toml": text.replace("%Y", "%d.%m.%y"), "save": "1"}
    assert page.post(at, mended).status_code == 302
    page.post(f"{at}start/")
    second = ImportRun.objects.exclude(pk=first.pk).get()
    services.proceed(run_id=second.pk)
    second.refresh_from_db()
    assert (second.created, second.refused) == (2, 0)
    assert ImportPart.objects.count() == 0
    assert services.saved_mappings()[0].name == "klein"
    again = page.post(f"{at}start/")
    assert again.status_code == 422


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"how": "toml", "toml": "name = \n"}, "not TOML"),
        ({"how": "toml", "toml": 'name = "x"\n[fields]\nfoo = "a"\n'}, "unknown: foo"),
        (
            {"how": "toml", "toml": 'name = "x"\nkey = "nope"\n[fields]\ntext = "Betreff"\n'},
            "no column &#x27;nope&#x27;",
        ),
        ({"how": "toml", "toml": "\x00"}, "TOML"),
        ({"how": "fields", "column:text": "nope"}, "There is no column nope"),
        ({"how": "fields", "timezone": "Mars"}, "not a time zone"),
        ({"how": "fields", "name": "<script>"}, "at name"),
        ({"how": "other", "format": "zendesk"}, "reads JSON"),
        ({"how": "other", "mapping": "built_in:cfpb"}, "has no column"),
        ({"how": "fields", "format": "word"}, "There is no format"),
        ({"how": "fields", "unit": "mars"}, "There is no unit"),
    ],
)
def test_a_wrong_choice_is_refused_in_words_and_changes_nothing(
    house: House, page: Client, data: dict[str, str], words: str
) -> None:
    give(page)
    file = ImportFile.objects.get()
    answer = page.post(f"/imports/files/{file.pk}/", {"format": "csv", "unit": "london", **data})
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ImportFile.objects.values().get() == {**ImportFile.objects.values().get(), "mapping": file.mapping}


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [("x.pdf", b"%PDF-1.7", "a PDF document"), ("x.csv", b" ", "is empty"), ("a/b\x00.csv", b"a,a\n1,2\n", "twice")],
)
def test_a_file_that_cannot_be_used_is_refused_and_not_kept(
    house: House, page: Client, name: str, content: bytes, words: str
) -> None:
    answer = give(page, content, name)
    assert answer.status_code == 422
    assert words in answer.content.decode()
    assert ImportFile.objects.count() == 0
    assert page.post("/imports/", {"unit": "london"}).status_code == 422


def test_only_administrators_get_in_and_only_to_their_units(
    house: House, page: Client, lena: User, charlie: User
) -> None:
    give(page)
    file = ImportFile.objects.get()
    page.post(f"/imports/files/{file.pk}/start/")
    run = ImportRun.objects.get()
    places = [
        "/imports/", f"/imports/files/{file.pk}/", f"/imports/files/{file.pk}/state/", f"/imports/files/{file.pk}/errors.csv",
        f"/imports/runs/{run.pk}/", f"/imports/runs/{run.pk}/state/", f"/imports/runs/{run.pk}/errors.csv",
    ]  # fmt: skip
    for user in (lena, charlie):
        client = Client()
        client.force_login(user)
        assert {client.get(place).status_code for place in places} == {404}
    assert {Client().get(place).status_code for place in places} == {302}
    of_berlin = Actor(
        kind="user",
        id=charlie.pk,
        name="Bea",
        permissions=frozenset({"settings.change"}),
        unit_ids=frozenset({house.berlin.pk}),
    )
    for access, number in ((services.access_file, file.pk), (services.access_run, run.pk)):
        with pytest.raises(NotFound):
            access(of_berlin, number)
    assert page.get(f"/imports/runs/{run.pk + 99}/").status_code == 404
    assert page.get("/imports/files/99999999999999999999/").status_code == 404


def lines(count: int) -> str:
    return "".join(json.dumps({"id": number, "text": f"Complaint {number}."}) + "\n" for number in range(count))


def test_an_import_is_paused_gone_on_with_and_cancelled(
    house: House, page: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 10)
    give(page, lines(35), "many.jsonl")
    file = ImportFile.objects.get()
    page.post(f"/imports/files/{file.pk}/start/")
    run = ImportRun.objects.get()
    assert services.proceed(run_id=run.pk, seconds=0) == "later at row 10"
    run.refresh_from_db()
    assert run.rows == 10
    page.post(f"/imports/runs/{run.pk}/change/", {"do": "pause"})
    assert services.proceed(run_id=run.pk) == "nothing to do"
    assert b"Continue" in page.get(f"/imports/runs/{run.pk}/").content
    page.post(f"/imports/runs/{run.pk}/change/", {"do": "resume"})
    assert services.proceed(run_id=run.pk, seconds=0) == "later at row 20"
    page.post(f"/imports/runs/{run.pk}/change/", {"do": "cancel"})
    run.refresh_from_db()
    assert (run.state, run.rows, run.created) == ("cancelled", 20, 20)
    assert Complaint.objects.count() == 20
    assert ImportPart.objects.count() == 0
    with pytest.raises(Conflict):
        services.pause(actor=actor(ada), run_id=run.pk)
    with pytest.raises(BadInput, match="give the file again"):
        services.resume(actor=actor(ada), run_id=run.pk)
    assert page.post(f"/imports/runs/{run.pk}/change/", {"do": "dance"}).status_code == 422
    give(page, lines(35), "many again.jsonl")
    page.post(f"/imports/files/{ImportFile.objects.latest('pk').pk}/start/")
    assert services.proceed(run_id=run.pk) == "finished at row 35"
    assert Complaint.objects.count() == 35


def test_a_pause_in_the_middle_of_a_batch_stops_before_the_next(
    house: House, page: Client, ada: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BATCH", 10)
    give(page, lines(30), "many.jsonl")
    services.start(actor=actor(ada), file_id=ImportFile.objects.get().pk)
    run = ImportRun.objects.get()
    real = engine._take_in

    def pause_after(*args: Any) -> bool:
        stored = real(*args)
        services.pause(actor=actor(ada), run_id=run.pk)
        monkeypatch.setattr(engine, "_take_in", real)
        return stored

    monkeypatch.setattr(engine, "_take_in", pause_after)
    assert services.proceed(run_id=run.pk) == "stopped at row 10"
    assert Complaint.objects.count() == 10


WORKER = """
import django
django.setup()
from amends.intake.channels.imports import run, services
run.BATCH = 20
print("ready", flush=True)
services.proceed(run_id={run})
"""


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_a_killed_worker_loses_and_doubles_nothing(house: House, ada: User, monkeypatch: pytest.MonkeyPatch) -> None:
    count = 3000
    file = services.keep_file(actor=actor(ada), name="many.jsonl", chunks=[lines(count).encode()], unit=house.london)
    run = services.start(actor=actor(ada), file_id=file.pk)
    environment = {
        **os.environ,
        "DATABASE_URL": database_url(),
        "PYTHONPATH": os.pathsep.join(sys.path),
        "AMENDS_TESTING": "1",
    }
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER.format(run=run.pk)], env=environment, stdout=subprocess.PIPE
    )
    deadline = time.monotonic() + 60
    while ImportRun.objects.get(pk=run.pk).rows < 100:
        assert time.monotonic() < deadline
        assert worker.poll() is None
        time.sleep(0.01)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    if worker.stdout:
        worker.stdout.close()
    run.refresh_from_db()
    assert 100 <= run.rows < count
    deadline = time.monotonic() + 20
    while Complaint.objects.count() != run.created and time.monotonic() < deadline:
        time.sleep(0.05)  # the killed process's last transaction is being rolled back
        run.refresh_from_db()
    with clock.frozen_at(clock.now() + timedelta(minutes=2)):
        assert services.take_up() == [run.pk]
    while (said := services.proceed(run_id=run.pk)) == "another worker has it":
        time.sleep(0.05)  # the server has not noticed yet that the other is dead
    assert said == f"finished at row {count}"
    run.refresh_from_db()
    assert (run.rows, run.created, run.known, run.refused) == (count, count, 0, 0)
    assert Complaint.objects.count() == Message.objects.count() == count
    numbers = sorted(int(one[-6:]) for one in Complaint.objects.values_list("reference", flat=True) if one)
    assert numbers == list(range(1, count + 1))
    seal()
    assert verify().whole


def test_an_older_dry_run_gives_way_to_a_newer_one(house: House, page: Client, ada: User) -> None:
    give(page)
    file = services.start_check(actor=actor(ada), file_id=ImportFile.objects.get().pk)
    older = file.check_token
    newer = services.start_check(actor=actor(ada), file_id=file.pk).check_token
    assert services.check(file_id=file.pk, token=older) == "not wanted any more"
    assert services.check(file_id=file.pk, token=newer) == "3 rows"
    assert ImportProblem.objects.filter(file=file).count() == 1


def test_bytes_that_are_gone_locally_come_out_of_the_database_again(house: House, page: Client) -> None:
    give(page)
    file = ImportFile.objects.get()
    path = services.path_of(file)
    assert path.read_text() == CSV
    path.unlink()
    assert services.path_of(file).read_text() == CSV


def test_forgotten_files_and_old_problems_are_removed(house: House, page: Client, ada: User) -> None:
    give(page)
    file = ImportFile.objects.get()
    services.check(file_id=file.pk, token=services.start_check(actor=actor(ada), file_id=file.pk).check_token)
    assert services.tidy() == 0
    with clock.frozen_at(clock.now() + timedelta(days=91)):
        assert services.tidy() == 1
    assert ImportPart.objects.count() == ImportProblem.objects.count() == 0
    assert page.get(f"/imports/files/{file.pk}/").headers["Location"] == "/imports/"


def test_the_page_speaks_german(house: House, page: Client) -> None:
    give(page)
    shown = page.get(
        f"/imports/files/{ImportFile.objects.get().pk}/", headers={"accept-language": "de"}
    ).content.decode()
    assert "Import starten" in shown
    assert "Was aus den ersten Zeilen wird" in shown


def api(client: Client, method: str, place: str, token: str, **more: Any) -> Any:
    return getattr(client, method)(f"/api/v1{place}", headers={"authorization": f"Bearer {token}"}, **more)


def test_a_program_gives_a_file_follows_it_and_reads_the_errors(house: House, token: str) -> None:
    client = Client()
    upload = SimpleUploadedFile("alt.csv", CSV.encode())
    given = api(client, "post", "/imports/files", token, data={"file": upload, "unit": "berlin"})
    assert given.status_code == 201
    number = given.json()["id"]
    assert (given.json()["format"], given.json()["unit"]) == ("csv", "berlin")
    assert api(client, "post", f"/imports/files/{number}/check", token).json()["check"] == "running"
    services.check(file_id=number, token=ImportFile.objects.get().check_token)
    tried = api(client, "get", f"/imports/files/{number}", token).json()
    assert (tried["rows"], tried["would_be_imported"], tried["would_be_refused"]) == (3, 2, 1)
    started = api(client, "post", f"/imports/files/{number}/start", token)
    assert started.status_code == 202
    run = started.json()["id"]
    assert api(client, "post", f"/imports/{run}/pause", token).json()["state"] == "paused"
    assert api(client, "post", f"/imports/{run}/pause", token).status_code == 409
    assert api(client, "post", f"/imports/{run}/resume", token).json()["state"] == "running"
    services.proceed(run_id=run)
    done = api(client, "get", f"/imports/{run}", token).json()
    assert (done["state"], done["imported"], done["refused"], done["total"]) == ("finished", 2, 1, 3)
    errors = b"".join(api(client, "get", f"/imports/{run}/errors", token).streaming_content).decode()
    assert "bald" in errors
    assert api(client, "get", f"/imports/{run + 9}", token).status_code == 404
    assert api(client, "post", f"/imports/{run}/dance", token).status_code == 422


def test_a_program_may_name_a_mapping_and_start_at_once(house: House, token: str) -> None:
    client = Client()
    mapping = 'name = "own"\nkey = "no"\n[fields]\ntext = "what"\n'
    upload = SimpleUploadedFile("x.csv", b"no,what\n1,Broken\n")
    given = api(client, "post", "/imports/files", token, data={"file": upload, "mapping": mapping, "start": "true"})
    assert given.status_code == 202
    services.proceed(run_id=given.json()["id"])
    assert Complaint.objects.get(intake_keys__source="import:own").text == "Broken"
    for wrong in ("nothing", "name = 5", "a = \x00"):
        upload = SimpleUploadedFile("x.csv", b"no,what\n1,Broken\n")
        refused = api(client, "post", "/imports/files", token, data={"file": upload, "mapping": wrong})
        assert refused.status_code == 422


def test_a_token_without_the_scope_is_refused(house: House) -> None:
    weak = create_token(actor=SYSTEM, name="weak", scopes=["intake", "read", "work"])
    assert api(Client(), "get", "/imports/1", weak).status_code == 403
