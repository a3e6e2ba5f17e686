"""Django's entry for the domain `handling`."""

from amends.core.domain import DomainConfig


class HandlingConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.handling"
    label = "handling"
