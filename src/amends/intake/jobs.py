"""The jobs of the channels, for the worker to find."""

from amends.intake.channels.email.jobs import deliver_message, process_mail, take_up_mail

__all__ = ["deliver_message", "process_mail", "take_up_mail"]
