"""What other domains may use of the review."""

from amends.review.causes import cause_groups, cause_label, causes
from amends.review.models import CorrectiveAction, Responsibility, RootCause
from amends.review.selectors import actions_of, causes_by_count, open_actions, root_cause_of
from amends.review.services import (
    complete_corrective_action,
    open_corrective_action,
    record_effect,
    record_no_cause,
    record_root_cause,
    remind_of_actions,
)

__all__ = [
    "CorrectiveAction",
    "Responsibility",
    "RootCause",
    "actions_of",
    "cause_groups",
    "cause_label",
    "causes",
    "causes_by_count",
    "complete_corrective_action",
    "open_actions",
    "open_corrective_action",
    "record_effect",
    "record_no_cause",
    "record_root_cause",
    "remind_of_actions",
    "root_cause_of",
]
