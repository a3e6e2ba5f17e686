"""Django's entry for the domain `clocks`."""

from amends.core.domain import DomainConfig


class ClocksConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    # Django sees two configurations in this module, ours and its base, and takes neither unless one says so.
    default = True
    name = "amends.clocks"
    label = "clocks"
