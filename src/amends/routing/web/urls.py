"""Addresses of the pages and panels of routing."""

from django.urls import path

from amends.routing.web import callbacks, criteria, leadership, people_urls, rules, simulation, stuck, views

urlpatterns = [
    path("routing/", rules.rules, name="routing_rules"),
    path("routing/change/", rules.change, name="change_routing_rules"),
    path("routing/rules/add/", rules.edit, name="add_routing_rule"),
    path("routing/rules/<int:number>/", rules.edit, name="routing_rule"),
    path("routing/simulation/", simulation.simulation, name="routing_simulation"),
    path("escalation/", criteria.criteria, name="escalation_criteria"),
    *people_urls.patterns,
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
