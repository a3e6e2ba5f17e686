"""Django's entry for the domain `routing`."""

from amends.core.domain import DomainConfig


class RoutingConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.routing"
    label = "routing"
