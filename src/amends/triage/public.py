"""What other domains may use of triage."""

from amends.triage.assess import assess, mood
from amends.triage.deciding import decide_lane, take_back_lane
from amends.triage.lanes import LaneName
from amends.triage.models import CORRECTABLE, Correction, Lane, LaneDecision, StoredAssessment
from amends.triage.selectors import because, corrections_of, dissatisfaction, lane_name, stored_assessment
from amends.triage.services import assess_complaint, catch_up, correct
from amends.triage.values import ASPECTS, LABELS, Assessment, Point, Reason

__all__ = [
    "ASPECTS",
    "CORRECTABLE",
    "LABELS",
    "Assessment",
    "Correction",
    "Lane",
    "LaneDecision",
    "LaneName",
    "Point",
    "Reason",
    "StoredAssessment",
    "assess",
    "assess_complaint",
    "because",
    "catch_up",
    "correct",
    "corrections_of",
    "decide_lane",
    "dissatisfaction",
    "lane_name",
    "mood",
    "stored_assessment",
    "take_back_lane",
]
