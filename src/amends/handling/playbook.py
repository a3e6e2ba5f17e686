"""Playbooks: which questions lead to what really went wrong (PURE: data in, the list of questions out).

A playbook is a YAML file; `library` reads it. The schema is described in docs/reference/playbooks.md.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from amends.handling.remedies import Wording

STAGES = ("open", "context", "changes", "environment", "replication", "wish")
"""The order of an investigation: let them tell it first, then ask; what they want comes last."""

REQUIRED_KEYS = ("open", "context", "changes", "environment", "replication")
"""Every playbook has a question with each of these keys, so that any case can be answered in the same terms."""

FIELDS = ("category", "channel", "severity", "safety", "vulnerable", "language", "product", "product_line", "tier")
"""What a condition may ask about the case itself."""

Stage = Literal["open", "context", "changes", "environment", "replication", "wish"]


class Strict(BaseModel):
    """Refuses keys it does not know: a typing mistake in a file is found when it is read."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(Strict):
    """Holds when an answer or a field of the case is one of `is`, or (for a question) when it is answered at all.

    For questions without choices `contains` looks for any of the words, without regard to case.
    """

    question: str = ""
    field: str = ""
    is_: tuple[str, ...] = Field(default=(), alias="is")
    contains: tuple[str, ...] = ()
    answered: bool | None = None

    @model_validator(mode="after")
    def _one_subject(self) -> Self:
        if bool(self.question) == bool(self.field):
            raise ValueError("a condition names either a question or a field")
        if self.field and self.field not in FIELDS:
            raise ValueError(f"unknown field {self.field!r}; choose from {', '.join(FIELDS)}")
        if sum((bool(self.is_), bool(self.contains), self.answered is not None)) != 1:
            raise ValueError("a condition has exactly one of: is, contains, answered")
        if self.answered is not None and not self.question:
            raise ValueError("only a question can be answered")
        return self

    def holds(self, answers: Mapping[str, str], fields: Mapping[str, str]) -> bool:
        """Whether it holds for these answers (by question key) and fields of the case."""
        value = (answers.get(self.question, "") if self.question else fields.get(self.field, "")).strip().lower()
        if self.answered is not None:
            return bool(value) == self.answered
        if self.is_:
            return value in {one.lower() for one in self.is_}
        return any(one.lower() in value for one in self.contains)


class Choice(Strict):
    """One of several given answers."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    label: Wording


class Question(Strict):
    """One question. All conditions of `when` must hold for it to be asked."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")
    stage: Stage
    ask: Wording
    why: Wording | None = None
    choices: tuple[Choice, ...] = ()
    when: tuple[Condition, ...] = ()


class Match(Strict):
    """Which cases a playbook is for; an empty list means any."""

    category: tuple[str, ...] = ()
    product: tuple[str, ...] = ()
    product_line: tuple[str, ...] = ()

    def weight(self, fields: Mapping[str, str]) -> int:
        """How specific the match is (the product counts most); -1 when it is none."""
        total = 0
        for weight, name in ((1, "category"), (2, "product_line"), (4, "product")):
            wanted: tuple[str, ...] = getattr(self, name)
            if not wanted:
                continue
            if fields.get(name, "").lower() not in {one.lower() for one in wanted}:
                return -1
            total += weight
        return total


class Playbook(Strict):
    """A guided investigation."""

    key: str = Field(pattern=r"^[a-z][a-z0-9-]{0,59}$")
    version: str = Field(min_length=4, max_length=20)
    source: str = Field(min_length=1)
    title: Wording
    match: Match = Match()
    questions: tuple[Question, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        keys = [question.key for question in self.questions]
        if len(set(keys)) != len(keys):
            raise ValueError("two questions have the same key")
        missing = [key for key in REQUIRED_KEYS if key not in keys]
        if missing:
            raise ValueError(f"questions are missing: {', '.join(missing)}")
        order = [STAGES.index(question.stage) for question in self.questions]
        if order != sorted(order):
            raise ValueError(f"the stages must come in this order: {', '.join(STAGES)}")
        for number, question in enumerate(self.questions):
            for condition in question.when:
                if condition.question and condition.question not in keys[:number]:
                    raise ValueError(
                        f"{question.key!r} depends on {condition.question!r}, which is not asked before it"
                    )
        return self

    def question(self, key: str) -> Question | None:
        """The question with this key."""
        return next((one for one in self.questions if one.key == key), None)

    def asked(self, answers: Mapping[str, str], fields: Mapping[str, str]) -> list[Question]:
        """The questions to ask now, in order: those without conditions, and those whose conditions hold."""
        return [one for one in self.questions if all(condition.holds(answers, fields) for condition in one.when)]


def choose(playbooks: Sequence[Playbook], fields: Mapping[str, str]) -> Playbook:
    """The most specific playbook for a case; the key decides between equals.

    Raises:
        ValueError: no playbook matches, so there is no default among them.
    """
    weighted = sorted(
        ((weight, one.key, one) for one in playbooks if (weight := one.match.weight(fields)) >= 0),
        key=lambda row: (-row[0], row[1]),
    )
    if not weighted:
        raise ValueError("No playbook matches and none is the default.")
    return weighted[0][2]
