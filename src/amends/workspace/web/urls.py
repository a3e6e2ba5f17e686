"""The addresses of the workspace."""

from django.urls import include, path, register_converter
from django.urls.converters import StringConverter

from amends.workspace.web.views import actions, case, live, queue, session, writing


class ReferenceConverter(StringConverter):
    """A case's reference as it may stand in an address; anything else is not found before a query is made."""

    regex = "[0-9A-Za-z-]{1,20}"


register_converter(ReferenceConverter, "case_reference")

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
    path("news/missed/", live.missed, name="missed"),
    path("alerts/", live.alerts, name="alerts"),
    path("alerts/count/", live.alert_count, name="alert_count"),
    path("alerts/seen/", live.alerts_seen, name="alerts_seen"),
    path("alerts/<int:alert_id>/seen/", live.alert_seen, name="alert_seen"),
    path("cases/", queue.nothing, name="cases"),
    path("cases/<case_reference:reference>/", case.case, name="case"),
    path("cases/<case_reference:reference>/parts/<slug:part>/", case.case_part, name="case_part"),
    path("cases/<case_reference:reference>/panels/<slug:key>/", case.panel, name="panel"),
    path("cases/<case_reference:reference>/files/<int:file_id>/", case.file, name="file"),
    path("cases/<case_reference:reference>/images/<int:file_id>/", case.image, name="image"),
    path("cases/<case_reference:reference>/messages/<int:message_id>/call-back/", writing.call_back, name="call_back"),
    path("cases/<case_reference:reference>/messages/<int:message_id>/again/", writing.send_again, name="send_again"),
    path("cases/<case_reference:reference>/messages/<int:message_id>/now/", writing.let_go, name="let_go"),
    path("cases/<case_reference:reference>/take/", actions.take, name="take"),
    path("cases/<case_reference:reference>/assign/", actions.assign, name="assign"),
    path("cases/<case_reference:reference>/move/", actions.move, name="move"),
    path("cases/<case_reference:reference>/escalate/", actions.escalate, name="escalate"),
    path("cases/<case_reference:reference>/severity/", actions.severity, name="severity"),
    path("cases/<case_reference:reference>/reply/", writing.reply, name="reply"),
    path("cases/<case_reference:reference>/note/", actions.note, name="note"),
]
urlpatterns = [path("", include((_patterns, "workspace")))]
