"""Django's entry for the domain `intake`."""

from amends.core.domain import DomainConfig


class IntakeConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.intake"
    label = "intake"
