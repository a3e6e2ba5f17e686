"""The line of what is wrong in a TOML file."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from amends.core.tomlplace import line_of, read_toml, refusal

TEXT = """\
version = "1"

[[rule]]
says = "first"
levels = [["owner"]]

[[rule]]
says = "second"
minutes = 5
levels = [["owner"]]
[rule.when]
severity_from = 9

[webhooks.pager]
url = "x"
"""


@pytest.mark.parametrize(
    ("place", "line"),
    [
        (("version",), 1),
        (("rule", 0, "says"), 4),
        (("rule", 0, "minutes"), 3),  # missing: the table it is missing in, not the next one that has it
        (("rule", 1, "minutes"), 9),
        (("rule", 1, "when", "severity_from"), 12),
        (("rule", 1, "levels", 0, 0), 10),
        (("webhooks", "pager"), 14),
        (("webhooks", "pager", "url"), 15),
        (("webhooks", "pager", "secret"), 14),
        (("nothing",), 1),
        ((), 1),
    ],
)
def test_a_place_has_its_line(place: tuple[int | str, ...], line: int) -> None:
    assert line_of(TEXT, place) == line


class Shape(BaseModel):
    model_config = ConfigDict(extra="forbid")
    count: int = Field(ge=1)


def test_a_refusal_names_file_line_place_and_reason() -> None:
    path, text = Path("own.toml"), "# how many\ncount = 0\n"
    with pytest.raises(ValidationError) as refused:
        Shape(count=0)
    assert refusal(path, text, refused.value) == "own.toml, line 2: count: Input should be greater than or equal to 1"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"a = 1\nb = = 2\n", "line 2: Invalid value"),
        (b"a = 1\na = 2\n", "line 2: Cannot overwrite a value"),
        (b"a = 1\nb = [1,\n", "line 2: Invalid value"),
        (b"a = 1\nb = '\xff'\n", "line 2: this is not UTF-8 text"),
        (b"a = " + b"[" * 5000, "line 1: values are nested too deeply"),
        (b"a = 1\x00\n", "line 1: "),
    ],
)
def test_what_is_no_toml_is_refused_with_its_line(tmp_path: Path, raw: bytes, said: str) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(raw)
    with pytest.raises(ValueError, match="own") as refused:
        read_toml(path)
    assert str(refused.value).startswith(f"{path}, {said}"), str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert read_toml(path)[0] == {"a": 1}
