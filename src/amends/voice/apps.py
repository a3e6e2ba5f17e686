"""Django's entry for the domain `voice`."""

from amends.core.domain import DomainConfig


class VoiceConfig(DomainConfig):
    """Registers this domain's handlers, sections and panels."""

    name = "amends.voice"
    label = "voice"
