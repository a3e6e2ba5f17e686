"""Django's entry for the domain `audit`."""

from amends.core.domain import DomainConfig


class AuditConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.audit"
    label = "audit"
