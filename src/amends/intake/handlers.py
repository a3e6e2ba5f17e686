"""What the channels do when something happened in a case."""

from __future__ import annotations

from amends.cases.events import MessageQueued
from amends.core.events import on
from amends.intake.channels.channel import channels, modules_of_channels

FOUND = [module.__name__ for module in modules_of_channels("channel")]
"""Each folder's `channel` module, which registers it."""


@on(MessageQueued)
def send_by_its_channel(event: MessageQueued) -> None:
    """A message for the customer gets the job that sends it, in the same transaction."""
    channel = channels.get(event.channel)
    if channel is not None and channel.send is not None:
        channel.send(event.message_id, event.not_before)
