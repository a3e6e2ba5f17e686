"""`amends model`: train the linear model of triage, and write its card.

    amends model train --data FOLDER [--decisions] [--out FOLDER]   needs scikit-learn; several minutes
    amends model card [--check]                                     docs/reference/model-card.md from the model's description

`--decisions` also learns from what people decided in this installation (needs the database). Put the two files that `train`
writes into a folder of your own with `--out`, and name it in AMENDS_MODEL to use them.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from amends.cli.errors import CommandError

if TYPE_CHECKING:
    from amends.triage.training.sources import Example

SUMMARY = "train the model that tells complaints from other messages, or write its card"
CARD = Path("docs") / "reference" / "model-card.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds the arguments of the command."""
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="train|card")
    train = verbs.add_parser("train", help="learn from public data, own sentences and, if asked, your decisions")
    train.add_argument("--data", type=Path, required=True, help="the folder with the public data (see the model card)")
    train.add_argument("--decisions", action="store_true", help="learn from the decisions of this installation too")
    train.add_argument("--out", type=Path, help="where model.bin and model.json go; the package's own data by default")
    card = verbs.add_parser("card", help="write docs/reference/model-card.md")
    card.add_argument("--check", action="store_true", help="write nothing; say whether it is current")


def main(arguments: argparse.Namespace) -> int:
    """Trains, or writes the card."""
    return _card(check=arguments.check) if arguments.verb == "card" else _train(arguments)


def _train(arguments: argparse.Namespace) -> int:
    folder: Path = arguments.data
    if not (folder / "complaints" / "cfpb_narratives.csv").exists():
        raise CommandError(f"{folder} does not hold the public data; the model card says what it is made of.")
    try:
        from amends.triage.training import fit
    except ImportError as missing:
        raise CommandError(f"Training needs scikit-learn: {missing}.") from missing
    from amends.triage.learned.model import DESCRIPTION, WEIGHTS

    learnt = fit.train(folder, decided=_decided() if arguments.decisions else ())
    out: Path | None = arguments.out
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
    fit.write(learnt, out / WEIGHTS.name if out else WEIGHTS, out / DESCRIPTION.name if out else DESCRIPTION)
    print(f"version {learnt.description['version']}, {len(learnt.packed):,} bytes")
    return 0


def _decided() -> list[Example]:
    import django

    django.setup()
    from amends.triage.training.decided import decided

    return decided()


def _card(*, check: bool) -> int:
    from amends.triage.learned.model import DESCRIPTION, Description
    from amends.triage.training.card import card

    text = card(Description.model_validate_json(DESCRIPTION.read_bytes()))
    if check:
        current = CARD.exists() and CARD.read_text(encoding="utf-8") == text
        print("the card is current" if current else "the card is old: run make model-card")
        return 0 if current else 1
    CARD.write_text(text, encoding="utf-8")
    print(f"wrote {CARD}")
    return 0
