"""Django's entry for the domain `triage`."""

from amends.core.domain import DomainConfig


class TriageConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.triage"
    label = "triage"
