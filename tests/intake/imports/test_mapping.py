"""Mappings: proposed from the names of the columns, changed in a form, saved with versions, written as TOML."""

from __future__ import annotations

import pytest
from tests.people import House, actor

from amends.accounts.public import User
from amends.core.errors import BadInput, NotAllowed
from amends.intake.channels.imports import services
from amends.intake.channels.imports.forming import KEEP, form_rows, mapping_from
from amends.intake.channels.imports.guess import WORDS, formats_of, guess, plain
from amends.intake.channels.imports.mapping import (
    BUILT_IN_NAMES,
    FIELDS,
    ImportMapping,
    built_in,
    mapping_of,
    parse_mapping,
    to_toml,
)
from amends.intake.channels.imports.models import SavedImportMapping


def proposed(header: str, *rows: str) -> ImportMapping:
    columns = header.split("|")
    return guess(
        columns,
        [dict(zip(columns, row.split("|"), strict=True)) for row in rows],
        name="x",
        timezone="Europe/Berlin",
    )


def test_german_columns_are_recognised() -> None:
    mapping = proposed(
        "Vorgangsnummer|Betreff|Beschreibung|Kundenname|E-Mail|Eingegangen am|Status|Filiale|Größe",
        "V-1|Kaputt|Seit Montag kaputt|Jana Kurz|jana@example.org|03.02.2025 07:30|In Bearbeitung|Berlin|XL",
        "V-2|Spät|Kam spät|Jan Lang|jan@example.org|13.02.2025 09:15|Erledigt|Hamburg|S",
    )
    assert mapping.key == "Vorgangsnummer"
    found = {name: rule.column for name, rule in mapping.fields.items()}
    assert found == {
        "subject": "Betreff",
        "text": "Beschreibung",
        "complainant.name": "Kundenname",
        "complainant.email": "E-Mail",
        "received_at": "Eingegangen am",
        "phase": "Status",
        "outcome_reason": "Status",
        "unit": "Filiale",
    }
    assert mapping.fields["received_at"].formats == ("%d.%m.%Y %H:%M",)
    assert mapping.fields["phase"].values == {"In Bearbeitung": "investigating", "Erledigt": "resolved"}
    assert list(mapping.attributes) == ["Größe"]


def test_english_columns_are_recognised() -> None:
    mapping = proposed(
        "Ticket ID|Title|Description|Customer|Email|Created At|State|Via",
        "1|Late|It came late|Ann|a@example.org|12/31/2024|Closed|Postal mail",
        "2|Rude|He was rude|Ben|b@example.org|01/02/2025|Open|Internet",
    )
    assert mapping.key == "Ticket ID"
    assert mapping.fields["received_at"].formats == ("%m/%d/%Y",)
    assert mapping.fields["phase"].values == {"Closed": "closed", "Open": "investigating"}
    assert mapping.fields["channel"].values == {"Postal mail": "letter", "Internet": "web"}


def test_a_column_that_repeats_is_no_key_and_the_longest_column_is_the_text() -> None:
    mapping = proposed("ID|Was war|Wo", "1|Es war alles ganz schrecklich|hier", "1|Und am nächsten Tag auch|da")
    assert mapping.key == ""
    assert mapping.fields["text"].column == "Was war"


def test_dates_that_could_be_either_way_round_are_known_to_be_doubtful() -> None:
    assert formats_of(["01/02/2025", "03/04/2025"]) == ["%d/%m/%Y", "%m/%d/%Y"]
    assert formats_of(["01/02/2025", "13/04/2025"]) == ["%d/%m/%Y"]
    assert formats_of(["2025-01-02", "2025-01-02T10:00:00Z"]) == []
    assert formats_of(["01/02/2025", "2025-01-02"]) == []
    assert formats_of(["13.02.2025", "soon", "14.02.2025"]) == ["%d.%m.%Y"]


def test_the_word_list_names_only_fields_that_exist() -> None:
    import tomllib

    words = tomllib.loads(WORDS.read_text(encoding="utf-8"))
    assert set(words["columns"]) - {"key"} <= FIELDS
    everything = [word for some in words["columns"].values() for word in some]
    assert all(plain(word) == word for word in everything)


@pytest.mark.parametrize("name", BUILT_IN_NAMES)
def test_every_mapping_that_comes_with_us_survives_being_written_and_read(name: str) -> None:
    mapping = built_in(name)
    assert parse_mapping(to_toml(mapping)) == mapping
    assert mapping_of(mapping.model_dump(mode="json")) == mapping
    assert mapping.digest == mapping_of(mapping.model_dump(mode="json")).digest


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('name = "x"\n[fields]\ntext = { column = "a", value = "b" }\n', "exactly one of column"),
        ('name = "x"\n[fields]\ntext = "a"\ntext = "b"\n', "line 4"),
        ('name = "x"\ntimezone = "Mars"\n[fields]\ntext = "a"\n', "not a time zone"),
        ('name = "x\\u0000"\n[fields]\ntext = "a"\n', "at name"),
        ('name = "x"\n[fields]\ntext = "a\\u0000"\n', "NUL"),
        ('name = "x"\nsurprise = 1\n[fields]\n', "at surprise"),
    ],
)
def test_a_wrong_mapping_is_refused_with_its_place(text: str, words: str) -> None:
    with pytest.raises(BadInput) as refusal:
        parse_mapping(text, "m.toml")
    assert words in refusal.value.message
    assert "m.toml" in refusal.value.message


def test_the_form_keeps_what_it_cannot_show() -> None:
    before = built_in("fcc")
    rows = {row.name: row for row in form_rows(before)}
    assert rows["received_at"].kept
    assert rows["phase"].words is not None
    assert "Closed = closed" in rows["phase"].words
    data = {
        "name": "mine",
        "key": before.key,
        "timezone": "Europe/London",
        "column:subject": "Customer Complaint",
        "column:received_at": KEEP,
        "formats:received_at": "%d-%m-%y %I:%M:%S %p",
        "column:phase": "Status",
        "words:phase": "Closed = closed\n* = registered",
    }
    columns = [*sorted(before.columns), "Extra"]
    after = mapping_from(data, before, columns)
    assert (after.name, after.timezone, after.attributes) == ("mine", "Europe/London", {})
    assert after.fields["received_at"].columns == ("Date", "Time")
    assert after.fields["received_at"].formats == ("%d-%m-%y %I:%M:%S %p",)
    assert after.fields["phase"].values == {"Closed": "closed"}
    assert after.fields["phase"].otherwise == "registered"
    assert set(after.fields) == {"subject", "received_at", "phase"}
    with pytest.raises(BadInput, match="no column"):
        mapping_from({**data, "column:text": "Nowhere"}, before, columns)
    with pytest.raises(BadInput, match="theirs = ours"):
        mapping_from({**data, "words:phase": "Closed"}, before, columns)
    assert "Extra" in mapping_from({**data, "others": "1"}, before, columns).attributes


def test_saved_mappings_have_versions(house: House, ada: User, lena: User) -> None:
    first = services.save_mapping(actor=actor(ada), mapping=built_in("fcc"))
    same = services.save_mapping(actor=actor(ada), mapping=built_in("fcc"))
    assert (first.version, same.pk) == (1, first.pk)
    other = built_in("fcc").model_copy(update={"timezone": "Europe/London"})
    assert services.save_mapping(actor=actor(ada), mapping=other).version == 2
    assert [(one.name, one.version) for one in services.saved_mappings()] == [("fcc", 2)]
    assert SavedImportMapping.objects.count() == 2
    with pytest.raises(NotAllowed):
        services.save_mapping(actor=actor(lena), mapping=other)
