"""Addresses of the pages and panels of routing."""

from django.urls import path

from amends.routing.web import callbacks, criteria, leadership, people_urls, rules, simulation, special, stuck, views

urlpatterns = [
    path("routing/", rules.rules, name="routing_rules"),
    path("routing/change/", rules.change, name="change_routing_rules"),
    path("routing/rules/add/", rules.edit, name="add_routing_rule"),
    path("routing/rules/<int:number>/", rules.edit, name="routing_rule"),
    path("routing/simulation/", simulation.simulation, name="routing_simulation"),
    path("escalation/", criteria.criteria, name="escalation_criteria"),
    *people_urls.patterns,
    path("lists/", special.lists, name="special_lists"),
    path("lists/new/", special.make, name="make_special_list"),
    path("lists/<slug:key>/", special.one_list, name="special_list"),
    path("lists/<slug:key>/members/", special.members, name="special_list_members"),
    path("cases/<str:reference>/lists/", special.put, name="put_on_list"),
    path("cases/<str:reference>/lists/off/", special.take, name="take_off_list"),
    path("cases/<str:reference>/about-staff/", special.about_staff, name="case_about_staff"),
    path("stuck/", stuck.stuck, name="stuck_cases"),
    path("callbacks/", callbacks.today, name="callbacks"),
    path("callbacks/<int:call_back_id>/attempt/", callbacks.attempt_without_case, name="note_attempt_without_case"),
    path("cases/<str:reference>/callbacks/", callbacks.plan, name="plan_call_back"),
    path("cases/<str:reference>/callbacks/<int:call_back_id>/attempt/", callbacks.attempt, name="note_attempt"),
    path("cases/<str:reference>/leadership-letter/", leadership.prepare, name="prepare_leadership_letter"),
    path("cases/<str:reference>/leadership-letter/send/", leadership.send, name="send_leadership_letter"),
    path("cases/<str:reference>/leadership-letter/return/", leadership.return_, name="return_leadership_letter"),
    path("cases/<str:reference>/leadership-letter/decline/", leadership.decline, name="decline_leadership_letter"),
    path("cases/<str:reference>/handoffs/<int:handoff_id>/accept/", views.accept, name="accept_handoff"),
    path("cases/<str:reference>/handoffs/<int:handoff_id>/return/", views.return_, name="return_handoff"),
]
