"""The tables of the channels, for Django to find."""

from amends.intake.channels.email.models import MailOutcome, MailState, RawMail
from amends.intake.channels.imports.models import ImportRun

__all__ = ["ImportRun", "MailOutcome", "MailState", "RawMail"]
