"""Addresses of the pages about people: presence, the desk."""

from django.urls import path

from amends.routing.web import desk, presence

patterns = [
    path("desk/", desk.desks, name="desks"),
    path("desk/<slug:team_key>/", desk.desk, name="desk"),
    path("desk/<slug:team_key>/people/<int:user_id>/", desk.person, name="desk_person"),
    path("desk/<slug:team_key>/people/<int:user_id>/presence/", desk.say, name="desk_say"),
    path("presence/", presence.presence, name="presence"),
    path("presence/menu/", presence.menu, name="presence_menu"),
    path("presence/beat/", presence.beat, name="presence_beat"),
]
