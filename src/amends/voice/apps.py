"""Django's entry for the domain `voice`."""

from amends.core.domain import DomainConfig


class VoiceConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    default = True  # Django would not choose between this class and the imported base
    name = "amends.voice"
    label = "voice"
