"""The tables of the channels, for Django to find."""

from amends.intake.channels.email.models import MailOutcome, MailState, RawMail
from amends.intake.channels.imports.models import ImportRun
from amends.intake.channels.web.models import FormUse

__all__ = ["FormUse", "ImportRun", "MailOutcome", "MailState", "RawMail"]
