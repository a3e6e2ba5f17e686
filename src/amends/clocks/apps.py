"""Django's entry for the domain `clocks`."""

from amends.core.domain import DomainConfig


class ClocksConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.clocks"
    label = "clocks"
