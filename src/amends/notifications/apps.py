"""Django's entry for the domain `notifications`."""

from amends.core.domain import DomainConfig


class NotificationsConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.notifications"
    label = "notifications"
