"""Django's entry for the domain `audit`."""

from amends.core.domain import DomainConfig


class AuditConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.audit"
    label = "audit"
