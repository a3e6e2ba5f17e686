"""Django's entry for the domain `notifications`."""

from amends.core.domain import DomainConfig


class NotificationsConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.notifications"
    label = "notifications"
