"""The demo company itself, from `company.yaml`: units, teams, people, products."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, cast

import yaml

from amends.cli.demo_company import model


@cache
def company() -> model.Company:
    """The demo company, from `company.yaml`."""
    raw = load("company.yaml")
    domain = str(raw["domain"])
    return model.Company(
        name=raw["name"],
        domain=domain,
        campaign=raw["campaign"],
        campaign_terms=raw["campaign_terms"],
        units=tuple(model.Unit(**unit) for unit in raw["units"]),
        teams=tuple(model.Team(**{**team, "languages": tuple(team["languages"])}) for team in raw["teams"]),
        people=tuple(_person(person, domain) for person in raw["people"]),
        products=tuple(_product(product) for product in raw["products"]),
    )


def load(path: str) -> dict[str, Any]:
    """The content of a YAML file beside this module."""
    file = resources.files("amends.cli.demo_company").joinpath(path)
    return cast("dict[str, Any]", yaml.safe_load(file.read_text(encoding="utf-8")))


def _person(raw: Mapping[str, Any], domain: str) -> model.Person:
    lists = {"languages": tuple(raw["languages"]), "teams": tuple(raw.get("teams", ()))}
    return model.Person(**{**raw, **lists, "email": f"{raw['key']}@{domain}"})


def _product(raw: Mapping[str, Any]) -> model.Product:
    firmware = tuple(model.Firmware(str(entry["version"]), entry["released"]) for entry in raw["firmware"])
    return model.Product(**{**raw, "firmware": firmware})
