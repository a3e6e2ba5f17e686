"""Django's entry for the domain `accounts`."""

from amends.core.domain import DomainConfig


class AccountsConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.accounts"
    label = "accounts"
