"""The model card: the figures of `data/model.json` as a page. Pure: a description in, text out; the page says nothing else."""

from __future__ import annotations

from typing import Any

from amends.triage.learned.features import BUCKETS
from amends.triage.learned.model import Description

LANES = (("complaint", "complaint"), ("to_decide", "for a person"), ("other", "something else"))
SOURCES = {
    "own-en": ("Sentences written for this project, English", "Apache-2.0, in the repository"),
    "own-de": ("Sentences written for this project, German", "Apache-2.0, in the repository"),
    "banking77": ("BANKING77, training split: bank customers' short messages, labelled by intent", "CC BY 4.0"),
    "multidogo": ("MultiDoGO: customers' turns in arranged conversations", "CDLA-Permissive-1.0"),
    "fcc": ("FCC: titles of complaints about one provider, 2015", "public domain"),
    "cfpb": ("CFPB: narratives of complaints, raw prose", "public domain"),
    "politeness": ("Stanford Politeness Corpus: requests that raters found polite", "CC BY 4.0"),
}
HEAD = """# Model card: complaint or not, and what about

Made by `make model-card` from `src/amends/triage/data/model.json`, which training writes; do not edit. A test keeps the two in step.

| | |
|---|---|
| what it says | the probability that a message expresses dissatisfaction with us; whether it is a mild one; which aspect it sounds like |
| what it is | logistic regressions over words, pairs and parts of words (3 to 5 letters), a byte a weight, hashed to {buckets:,} numbers |
| how it is used | the score of a message is weighed with the word lists' evidence ([triage](triage.md)) |
| languages | English and German; other languages are judged by word lists alone, or by a person |
| version, SHA-256 of the weights | `{version}`, `{sha256}` |
| reproducible | `amends model train --data FOLDER` with the same data and libraries writes the same figures: seed fixed, no network |
| at run time | no library: plain Python reads about 1 MB of bytes |
| not for | deciding alone that somebody gets no answer: the middle is for a person, and the complaint form is never put aside |
"""
NOTES = """
## What to know before you trust it
- The own sentences were written by the project's authors, one kind of person writing in many voices. They were labelled when they
  were written, not by several people independently. "Not seen" means cross-validation in five parts: the style is the same on both sides.
- The vocabularies and turns of phrase beside the sentences (`training/*.yaml`) were written in one go with them, knowing the older
  evaluation sets of [triage](triage.md) by sight; figures on those sets flatter.
- BANKING77, MultiDoGO and politeness were labelled by rules on their own labels, and what those do not settle was left out:
  their figures are easier than real mail. FCC titles ("Comcast Internet Speeds") are hardly sentences.
- "Left out" is the honest line for another trade or format: the model had seen nothing of that source (the weighing with the word
  lists had). Where it falls, the model knew the source rather than the meaning.
- Known failures: questions about trouble that has not happened or is somebody else's are taken for complaints most often; irony without
  any odd word; long stories where one calm sentence in the middle carries the complaint; two-word messages; aspects of things
  that are named by no word of any list ("my clock thinks it is Jakarta").
- Nobody's name, number or address was kept as a feature on purpose; a hashed weight cannot be read back into text, but rare
  words of the public narratives do have weights.
"""


def card(described: Description) -> str:
    """Return the page."""
    figures = described.figures
    parts = [
        HEAD.format(buckets=BUCKETS, version=described.version, sha256=described.sha256),
        _thresholds(described),
        _sources(figures),
        _left_out(figures),
        _languages(figures),
        _calibration(figures["calibration"]),
        _aspects(figures["aspects"]),
        NOTES,
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _thresholds(described: Description) -> str:
    own = described.figures["own"]
    rows = [
        f"| {truth.replace('_', ' ')} | " + " | ".join(str(cells[key]) for key, _ in LANES) + " |"
        for truth, cells in described.figures["confusion_own"].items()
    ]
    return "\n".join(
        [
            "## Thresholds and lanes",
            f"Below {described.low:.3f} a message is something else, from {described.high:.3f} a complaint.",
            "Between them a person decides.",
            "The low one is set, on these very sentences, for a recall of at least 0.98 where they were not seen:",
            f"**recall {_number(own['recall_low'])}, precision {_number(own['precision_low'])}**.",
            f"At one half, where the label changes: recall {_number(own['recall'])}, precision {_number(own['precision'])}.",
            "",
            "| own sentences, not seen | " + " | ".join(name for _, name in LANES) + " |",
            "|---|" + "---|" * len(LANES),
            *rows,
        ]
    )


def _row(name: str, one: dict[str, Any]) -> str:
    cells = [str(one["n"]), str(one["unhappy"])]
    cells += [_number(one[key]) for key in ("recall", "precision", "recall_low", "precision_low", "false_alarms")]
    return f"| {name} | " + " | ".join(cells) + " |"


_COLUMNS = (
    "| n | unhappy | recall at ½ | precision at ½ | recall at low | precision at low | false alarms at ½ |\n"
    + "|---" * 8
    + "|"
)


def _sources(figures: dict[str, Any]) -> str:
    lines = [
        "## Data, licence, and figures on texts not seen (cross-validation)",
        "| source | licence |",
        "|---|---|",
        *(f"| {SOURCES[key][0]} (`{key}`) | {SOURCES[key][1]} |" for key in figures["unseen"] if key in SOURCES),
        "",
        f"| source {_COLUMNS}",
        *(_row(key, one) for key, one in figures["unseen"].items()),
    ]
    return "\n".join(lines)


def _left_out(figures: dict[str, Any]) -> str:
    rows = [_row(key, one) for key, one in figures["left_out"].items()]
    return "\n".join(["## The whole source left out of training", f"| source {_COLUMNS}", *rows])


def _languages(figures: dict[str, Any]) -> str:
    rows = [_row(key, one) for key, one in figures["languages"].items()]
    return "\n".join(["## By language (own sentences, not seen)", f"| language {_COLUMNS}", *rows])


def _calibration(found: dict[str, Any]) -> str:
    rows = [
        f"| {one['from']}–{one['to']} | {one['n']} | {one['said']:.3f} | {one['true']:.3f} |" for one in found["rows"]
    ]
    return "\n".join(
        [
            "## Calibration (own sentences, not seen)",
            "| said between | n | said on average | true |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Expected calibration error {found['expected_error']:.3f}, Brier score {found['brier']:.3f}.",
            "Other messages count double in training,",
            "because there are four times fewer of them among the sentences; so the figures lean a little to the low side.",
        ]
    )


def _aspects(found: dict[str, Any]) -> str:
    rows = [f"| {name} | {one['n']} | {one['right']:.3f} |" for name, one in found.items()]
    return "\n".join(
        [
            "## Aspect by the model alone (own sentences, not seen; 12 aspects)",
            "| | n | right |",
            "|---|---|---|",
            *rows,
        ]
    )
