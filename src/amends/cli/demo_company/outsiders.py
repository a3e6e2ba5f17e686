"""Makes a customer of the demo company from a name: the same name always has the same address and number."""

from __future__ import annotations

import random
import re
import unicodedata
from functools import cache
from importlib import resources

import yaml
from pydantic import BaseModel, ConfigDict

from amends.cli.demo_company.model import Customer, Language
from amends.cli.demo_company.rendering import WritingError

_LETTERS = {"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ı": "i"}


class Bank(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    mail: list[str]
    names: list[str]
    streets: list[str]
    towns: list[str]
    phone: list[str]


class Outsiders(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    en: Bank
    de: Bank

    def of(self, language: Language) -> Bank:
        return self.en if language == "en" else self.de


@cache
def outsiders() -> Outsiders:
    text = resources.files("amends.cli.demo_company").joinpath("outsiders.yaml").read_text(encoding="utf-8")
    return Outsiders.model_validate(yaml.safe_load(text))


def dice(seed: str) -> random.Random:
    """A source of choices that depends on `seed` alone, so that every run tells the same stories."""
    return random.Random(f"tarnbrook/{seed}")  # noqa: S311 - choices among sentences, not secrets


def mail_name(name: str) -> str:
    lowered = "".join(_LETTERS.get(letter, letter) for letter in name.lower())
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]+", ".", plain).strip(".")


def customer(titled_name: str, language: Language, representative_of: str = "") -> Customer:
    """The customer of that name, written with a title first ("Ms Priya Raman", "Herr Jens Radke")."""
    title, _, name = titled_name.partition(" ")
    if title not in {"Ms", "Mr", "Dr", "Frau", "Herr"} or not name:
        raise WritingError(f"a customer is written as title and name, not {titled_name!r}")
    bank, roll = outsiders().of(language), dice(f"customer/{titled_name}")
    number = roll.randint(1, 96)
    street, town = roll.choice(bank.streets), roll.choice(bank.towns)
    return Customer(
        title=title,
        name=name,
        email=f"{mail_name(name)}@{roll.choice(bank.mail)}",
        phone=roll.choice(bank.phone).format(n=roll.randint(100, 999)),
        address=f"{number} {street}, {town}" if language == "en" else f"{street} {number}, {town}",
        account=f"TB-{roll.randint(100000, 999999)}",
        representative_of=representative_of,
    )
