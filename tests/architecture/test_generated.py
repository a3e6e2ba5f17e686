"""What is generated is current; each failure says which command makes it so."""

from __future__ import annotations

import re
from pathlib import Path

from amends.config import journey, openapi

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_journey_is_current() -> None:
    page = (DOCS / "journey.md").read_text(encoding="utf-8")
    assert page == journey.page(), "run: python -m amends.config.journey > docs/journey.md"


def test_the_description_of_the_api_is_current() -> None:
    known = (DOCS / "reference" / "openapi.json").read_text(encoding="utf-8")
    assert known == openapi.description(), "run: python -m amends.config.openapi > docs/reference/openapi.json"


def test_every_variable_that_is_read_is_explained_and_the_other_way_round() -> None:
    pattern = re.compile(r"\b(AMENDS_[A-Z_]+|DEMO|DATABASE_URL)\b")
    page = (DOCS / "reference" / "settings.md").read_text(encoding="utf-8")
    explained = set(pattern.findall("".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))))
    read = {
        name
        for path in (DOCS.parent / "src").rglob("*.py")
        for name in re.findall(r"[\"'](AMENDS_[A-Z_]+|DEMO|DATABASE_URL)[\"']", path.read_text(encoding="utf-8"))
    }
    assert explained == read
