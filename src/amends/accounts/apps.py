"""Django's entry for the domain `accounts`."""

from amends.core.domain import DomainConfig


class AccountsConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.accounts"
    label = "accounts"
