"""What other domains may use of triage."""

from amends.triage.assess import assess
from amends.triage.models import CORRECTABLE, Correction, StoredAssessment
from amends.triage.selectors import because, corrections_of, stored_assessment
from amends.triage.services import assess_complaint, catch_up, correct
from amends.triage.values import ASPECTS, LABELS, Assessment, Point, Reason

__all__ = [
    "ASPECTS",
    "CORRECTABLE",
    "LABELS",
    "Assessment",
    "Correction",
    "Point",
    "Reason",
    "StoredAssessment",
    "assess",
    "assess_complaint",
    "because",
    "catch_up",
    "correct",
    "corrections_of",
    "stored_assessment",
]
