"""Django's entry for the domain `handling`."""

from amends.core.domain import DomainConfig


class HandlingConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.handling"
    label = "handling"
