"""Django's entry for the domain `cases`."""

from amends.core.domain import DomainConfig


class CasesConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.cases"
    label = "cases"
