"""Addresses of the pages about people: presence, the desk, the ways up, hours of units."""

from django.urls import path

from amends.routing.web import desk, paths, presence, units

patterns = [
    path("units/", units.units, name="unit_times"),
    path("units/<slug:unit_key>/hours/", units.unit, name="unit_hours"),
    path("units/<slug:unit_key>/closures/<int:closure_id>/remove/", units.open_again, name="open_again"),
    path("routing/paths/", paths.paths, name="escalation_paths"),
    path("routing/paths/<slug:unit_key>/", paths.path, name="escalation_path"),
    path("desk/", desk.desks, name="desks"),
    path("desk/<slug:team_key>/", desk.desk, name="desk"),
    path("desk/<slug:team_key>/people/<int:user_id>/", desk.person, name="desk_person"),
    path("desk/<slug:team_key>/people/<int:user_id>/presence/", desk.say, name="desk_say"),
    path("presence/", presence.presence, name="presence"),
    path("presence/menu/", presence.menu, name="presence_menu"),
    path("presence/beat/", presence.beat, name="presence_beat"),
]
