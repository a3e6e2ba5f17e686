"""The reasons of the assessment in a complaint's JSON; the values themselves are under `assessment`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from amends.cases.public import Complaint
from amends.core.sections import Section, sections
from amends.triage.selectors import corrections_of, stored_assessment


class ReasonOut(BaseModel):
    """Why the rules gave a field its value."""

    field: str
    value: Any
    because: str


class CorrectionOut(BaseModel):
    """A field that a person set right."""

    field: str
    before: Any
    after: Any
    by: str
    at: datetime


class AssessmentReasonsOut(BaseModel):
    """What the rules said and why, and what was corrected since. `rules_version` is null before the assessment."""

    rules_version: int | None
    reasons: list[ReasonOut]
    corrections: list[CorrectionOut]


def read_reasons(complaint: Complaint) -> AssessmentReasonsOut:
    """Return the reasons and corrections of a complaint (2 queries)."""
    stored = stored_assessment(complaint)
    return AssessmentReasonsOut(
        rules_version=stored.rules_version if stored else None,
        reasons=[ReasonOut(**reason) for reason in stored.reasons] if stored else [],
        corrections=[
            CorrectionOut(field=one.field, before=one.before, after=one.after, by=one.by_name, at=one.at)
            for one in corrections_of(complaint)
        ],
    )


sections.register(Section(key="assessment_reasons", annotation=AssessmentReasonsOut, read=read_reasons, order=4))
