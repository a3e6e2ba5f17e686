"""Django's entry for the domain `cases`."""

from amends.core.domain import DomainConfig


class CasesConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.cases"
    label = "cases"
