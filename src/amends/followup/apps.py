"""Django's entry for the domain `followup`."""

from amends.core.domain import DomainConfig


class FollowupConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.followup"
    label = "followup"
