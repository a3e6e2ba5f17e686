"""Django's entry for the domain `review`."""

from amends.core.domain import DomainConfig


class ReviewConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.review"
    label = "review"
