"""Django's entry for the domain `review`."""

from amends.core.domain import DomainConfig


class ReviewConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.review"
    label = "review"
