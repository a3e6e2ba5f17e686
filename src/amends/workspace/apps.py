"""Django's entry for the staff's workspace."""

from amends.core.domain import DomainConfig


class WorkspaceConfig(DomainConfig):
    """The shell: it draws what the other domains registered."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.workspace"
    label = "workspace"
