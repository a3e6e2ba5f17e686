"""Django's entry for the staff's workspace."""

from amends.core.domain import DomainConfig


class WorkspaceConfig(DomainConfig):
    """The shell: it draws what the other domains registered."""

    name = "amends.workspace"
    label = "workspace"
