"""Django's entry for the domain `routing`."""

from amends.core.domain import DomainConfig


class RoutingConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.routing"
    label = "routing"
