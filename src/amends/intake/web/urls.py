"""The pages of the channels: each folder's `urls`."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

from amends.intake.channels.channel import modules_of_channels

urlpatterns: list[URLPattern | URLResolver] = [
    pattern for module in modules_of_channels("urls") for pattern in module.urlpatterns
]
