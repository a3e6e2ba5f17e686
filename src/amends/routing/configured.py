"""Which rules of this installation hold: the built-in ones or the files in the settings."""

from __future__ import annotations

from pathlib import Path

import structlog
from django.conf import settings

from amends.routing.alert_rules import BUILT_IN
from amends.routing.criteria_rules import BUILT_IN as BUILT_IN_CRITERIA
from amends.routing.criteria_rules import Criteria, CriteriaError, read_criteria

log: structlog.stdlib.BoundLogger = structlog.get_logger(__name__)


def rules_file() -> Path:
    """The file with the rules of who must know."""
    return Path(settings.AMENDS_ALERT_RULES) if settings.AMENDS_ALERT_RULES else BUILT_IN


def criteria_file() -> Path:
    """The file with the criteria of escalation."""
    return Path(settings.AMENDS_ESCALATION_CRITERIA) if settings.AMENDS_ESCALATION_CRITERIA else BUILT_IN_CRITERIA


def criteria_in_force() -> Criteria:
    """The criteria of escalation. While the own file is wrong, which the log, the page and `amends doctor` say, the
    built-in ones hold: no case stays down because of a slip in a file."""
    try:
        return read_criteria(criteria_file())
    except CriteriaError as refused:
        log.error("escalation_criteria_unusable", reason=str(refused))  # noqa: TRY400  # the sentence says it all
    return read_criteria()


def criteria_problem() -> str:
    """What is wrong with the own file of criteria, with file, line and reason; empty when nothing is."""
    try:
        read_criteria(criteria_file())
    except CriteriaError as refused:
        return str(refused)
    return ""
