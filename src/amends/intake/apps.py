"""Django's entry for the domain `intake`."""

from amends.core.domain import DomainConfig


class IntakeConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.intake"
    label = "intake"
