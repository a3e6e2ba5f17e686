"""Django's entry for the domain `portal`."""

from amends.core.domain import DomainConfig


class PortalConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.portal"
    label = "portal"
