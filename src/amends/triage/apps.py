"""Django's entry for the domain `triage`."""

from amends.core.domain import DomainConfig


class TriageConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.triage"
    label = "triage"
