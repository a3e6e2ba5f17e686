"""Addresses of the pages about people: presence."""

from django.urls import path

from amends.routing.web import presence

patterns = [
    path("presence/", presence.presence, name="presence"),
    path("presence/menu/", presence.menu, name="presence_menu"),
    path("presence/beat/", presence.beat, name="presence_beat"),
]
