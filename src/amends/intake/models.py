"""The tables of the channels, for Django to find."""

from amends.intake.channels.channel import modules_of_channels

FOUND = [module.__name__ for module in modules_of_channels("models")]
