"""Django's entry for the domain `followup`."""

from amends.core.domain import DomainConfig


class FollowupConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.followup"
    label = "followup"
