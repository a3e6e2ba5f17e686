"""Django's entry for the domain `portal`."""

from amends.core.domain import DomainConfig


class PortalConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.portal"
    label = "portal"
