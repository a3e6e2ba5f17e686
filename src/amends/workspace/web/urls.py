"""The addresses of the workspace."""

from django.urls import include, path

from amends.workspace.web.views import actions, case, live, queue, session

_patterns = [
    path("", session.home, name="home"),
    path("sign-in/", session.sign_in, name="sign_in"),
    path("sign-out/", session.sign_out, name="sign_out"),
    path("first-run/", session.first_run, name="first_run"),
    path("preferences/", session.preferences, name="preferences"),
    path("queue/<slug:view>/", queue.queue, name="queue"),
    path("queue/<slug:view>/beside/", queue.beside, name="beside"),
    path("search/", queue.search, name="search"),
    path("search/options/", queue.search_options, name="search_options"),
    path("news/", live.news, name="news"),
    path("alerts/", live.alerts, name="alerts"),
    path("alerts/count/", live.alert_count, name="alert_count"),
    path("alerts/seen/", live.alerts_seen, name="alerts_seen"),
    path("alerts/<int:alert_id>/seen/", live.alert_seen, name="alert_seen"),
    path("cases/", queue.nothing, name="cases"),
    path("cases/<str:reference>/", case.case, name="case"),
    path("cases/<str:reference>/parts/<slug:part>/", case.case_part, name="case_part"),
    path("cases/<str:reference>/panels/<slug:key>/", case.panel, name="panel"),
    path("cases/<str:reference>/files/<int:file_id>/", case.file, name="file"),
    path("cases/<str:reference>/messages/<int:message_id>/call-back/", actions.call_back, name="call_back"),
    path("cases/<str:reference>/take/", actions.take, name="take"),
    path("cases/<str:reference>/assign/", actions.assign, name="assign"),
    path("cases/<str:reference>/move/", actions.move, name="move"),
    path("cases/<str:reference>/escalate/", actions.escalate, name="escalate"),
    path("cases/<str:reference>/severity/", actions.severity, name="severity"),
    path("cases/<str:reference>/reply/", actions.reply, name="reply"),
    path("cases/<str:reference>/note/", actions.note, name="note"),
]
urlpatterns = [path("", include((_patterns, "workspace")))]
