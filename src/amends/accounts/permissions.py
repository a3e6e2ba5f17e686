"""What each role may do. Pure data: one row a permission, one set a role."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class Permission(StrEnum):
    """One thing somebody may do. Every route names one."""

    CASE_VIEW = "case.view"
    CASE_VIEW_ALL = "case.view_all"
    CASE_WORK = "case.work"
    CASE_ASSIGN = "case.assign"
    CASE_ESCALATE = "case.escalate"
    CASE_REGISTER = "case.register"
    PROPOSAL_APPROVE = "proposal.approve"
    REVIEW_VIEW = "review.view"
    REVIEW_WORK = "review.work"
    REPORT_VIEW = "report.view"
    AUDIT_VIEW = "audit.view"
    QUARANTINE_WORK = "quarantine.work"
    SETTINGS_CHANGE = "settings.change"
    STAFF_MANAGE = "staff.manage"


class Role(models.TextChoices):
    """The roles of the product; somebody holds a role for a unit and everything below it."""

    AGENT = "agent", _("Agent")
    SPECIALIST = "specialist", _("Specialist")
    LEAD = "lead", _("Team lead")
    DIRECTOR = "director", _("Director")
    COMPLIANCE = "compliance", _("Compliance")
    ADMINISTRATOR = "administrator", _("Administrator")


_AGENT = frozenset(
    {
        Permission.CASE_VIEW,
        Permission.CASE_WORK,
        Permission.CASE_ESCALATE,
        Permission.CASE_REGISTER,
        Permission.REVIEW_VIEW,
    }
)
_SPECIALIST = _AGENT | {Permission.REVIEW_WORK}
_LEAD = _SPECIALIST | {
    Permission.CASE_ASSIGN,
    Permission.PROPOSAL_APPROVE,
    Permission.REPORT_VIEW,
    Permission.QUARANTINE_WORK,
}

ROLE_PERMISSIONS: dict[Role, frozenset[Permission]] = {
    Role.AGENT: _AGENT,
    Role.SPECIALIST: _SPECIALIST,
    Role.LEAD: _LEAD,
    Role.DIRECTOR: _LEAD | {Permission.AUDIT_VIEW},
    Role.COMPLIANCE: frozenset(
        {
            Permission.CASE_VIEW,
            Permission.CASE_VIEW_ALL,
            Permission.REVIEW_VIEW,
            Permission.REPORT_VIEW,
            Permission.AUDIT_VIEW,
        }
    ),
    Role.ADMINISTRATOR: _LEAD
    | {Permission.CASE_VIEW_ALL, Permission.AUDIT_VIEW, Permission.SETTINGS_CHANGE, Permission.STAFF_MANAGE},
}


class Scope(models.TextChoices):
    """What an API token may do."""

    INTAKE = "intake", _("Register complaints")
    READ = "read", _("Read complaints")
    WORK = "work", _("Work on complaints")
    REVIEW = "review", _("Root causes and corrective actions")
    QUARANTINE = "quarantine", _("Look after mail in quarantine")
    ADMIN = "admin", _("Settings and staff")


SCOPE_PERMISSIONS: dict[Scope, frozenset[Permission]] = {
    Scope.INTAKE: frozenset({Permission.CASE_REGISTER}),
    Scope.READ: frozenset({Permission.CASE_VIEW, Permission.REVIEW_VIEW, Permission.REPORT_VIEW}),
    Scope.WORK: frozenset(
        {
            Permission.CASE_VIEW,
            Permission.CASE_WORK,
            Permission.CASE_ASSIGN,
            Permission.CASE_ESCALATE,
            Permission.PROPOSAL_APPROVE,
        }
    ),
    Scope.REVIEW: frozenset({Permission.CASE_VIEW, Permission.REVIEW_VIEW, Permission.REVIEW_WORK}),
    Scope.QUARANTINE: frozenset({Permission.QUARANTINE_WORK}),
    Scope.ADMIN: frozenset({Permission.SETTINGS_CHANGE, Permission.STAFF_MANAGE, Permission.AUDIT_VIEW}),
}
