"""The staff's page of the chats: who waits, one conversation, and what helps to lead it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.cases.public import Complaint, access_complaint
from amends.core import clock
from amends.core.errors import AmendsError, NotFound
from amends.core.switchboard import News
from amends.core.text import clean
from amends.intake.channels.chat import services
from amends.intake.channels.chat.models import Chat
from amends.intake.channels.chat.rules import is_here
from amends.intake.channels.chat.selectors import Line, lines_after, open_chats, state_for_agent
from amends.intake.channels.chat.stream import Look, stream
from amends.intake.channels.chat.views import number_of


@dataclass(frozen=True, slots=True)
class Row:
    """One open chat in the list."""

    chat: Chat
    here: bool
    waits: bool


def _rows(actor: Actor) -> list[Row]:
    now = clock.now()
    return [
        Row(one, is_here(one.customer_at, one.customer_left_at, now), one.complaint.waiting_for_us_since is not None)
        for one in open_chats(actor)
    ]


def _found(request: HttpRequest, reference: str) -> tuple[Actor, Complaint, Chat]:
    actor = request_actor(request)
    complaint = access_complaint(actor, reference)
    chat = Chat.objects.filter(complaint_id=complaint.pk).first()
    if chat is None:
        raise NotFound
    chat.complaint = complaint
    return actor, complaint, chat


@require_GET
@permission_required(Permission.CASE_VIEW)
def chats(request: HttpRequest) -> HttpResponse:
    """The open chats; with htmx only the list."""
    template = "intake/chat/list.html" if request.headers.get("HX-Request") else "intake/chat/chats.html"
    return render(request, template, {"rows": _rows(request_actor(request))})


@require_GET
@permission_required(Permission.CASE_VIEW)
def chat(request: HttpRequest, reference: str) -> HttpResponse:
    """One conversation beside the list."""
    return _conversation(request, reference)


def _conversation(
    request: HttpRequest, reference: str, problem: str = "", written: str = "", status: int = 200
) -> HttpResponse:
    actor, complaint, found = _found(request, reference)
    context = {
        "rows": _rows(actor),
        "chat": found,
        "complaint": complaint,
        "lines": lines_after(found),
        "state": state_for_agent(found),
        "may_answer": actor.can(Permission.CASE_WORK),
        "key": uuid4().hex,
        "problem": problem,
        "written": written,
    }
    return render(request, "intake/chat/chats.html", context, status=status)


@require_POST
@permission_required(Permission.CASE_WORK)
def say(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer; programs of the page get JSON, a plain form gets the page."""
    actor, complaint, _chat = _found(request, reference)
    plain = "application/json" not in request.headers.get("Accept", "")
    words = clean(request.POST.get("text", ""))
    try:
        services.agent_says(actor=actor, complaint_id=complaint.pk, text=words, key=str(request.POST.get("key", "")))
    except AmendsError as refusal:
        if plain:
            return _conversation(request, reference, refusal.message, words, refusal.status)
        return JsonResponse({"message": refusal.message}, status=refusal.status)
    return redirect("staff_chat", complaint.reference) if plain else HttpResponse(status=204)


@require_POST
@permission_required(Permission.CASE_WORK)
def typing(request: HttpRequest, reference: str) -> HttpResponse:
    """The colleague is writing."""
    services.typing(chat=_found(request, reference)[2], who="agent")
    return HttpResponse(status=204)


@require_POST
@permission_required(Permission.CASE_VIEW)
def leave(request: HttpRequest, reference: str) -> HttpResponse:
    """The colleague's page is closing."""
    actor, _complaint, found = _found(request, reference)
    services.off_duty(actor=actor, chat=found)
    return HttpResponse(status=204)


@require_POST
@permission_required(Permission.CASE_WORK)
def end(request: HttpRequest, reference: str) -> HttpResponse:
    """Close the chat; the words stay in the case."""
    actor, complaint, _chat = _found(request, reference)
    services.end_chat(actor=actor, complaint_id=complaint.pk)
    messages.success(request, _("The chat is ended. Everything that was written is in the case."))
    return redirect("chats")


@require_GET
@permission_required(Permission.CASE_VIEW)
def live_list(request: HttpRequest) -> StreamingHttpResponse:
    """News of the list: `state` carries a number that changes whenever it is worth looking."""
    actor = request_actor(request)
    return _streamed(
        actor,
        after=0,
        chat_id=None,
        look=lambda _last: Look([], {"list": _mark(actor)}),
        alive=lambda: services.on_duty(actor=actor),
    )


@require_GET
@permission_required(Permission.CASE_VIEW)
def live(request: HttpRequest, reference: str) -> StreamingHttpResponse:
    """The event stream of one conversation and of the list beside it."""
    actor, _complaint, found = _found(request, reference)
    pk = found.pk

    def fresh() -> Chat:
        return Chat.objects.select_related("complaint").get(pk=pk)

    def look(last: int) -> Look:
        now = fresh()
        lines = lines_after(now, last)
        ways = {str(one.id): one.way for one in lines_after(now)[-50:] if not one.mine}
        return Look(
            [(one.id, {**one.for_customer(), "way": one.way, "files": _links(one, reference)}) for one in lines],
            {**state_for_agent(now), "ways": ways, "list": _mark(actor)},
        )

    after = number_of(request.headers.get("Last-Event-ID", "") or request.GET.get("after", ""))
    return _streamed(
        actor, after=after, chat_id=pk, look=look, alive=lambda: services.on_duty(actor=actor, chat=fresh())
    )


def _links(line: Line, reference: str) -> list[dict[str, str]]:
    """The files of a line, with the address at which a colleague gets each; one that waits for the scanner has none."""
    return [
        {"name": one.name, "url": "" if one.waits else reverse("workspace:file", args=[reference, one.id])}
        for one in line.files
    ]


def _mark(actor: Actor) -> str:
    """What the list shows, as a short mark: it changes when the list would."""
    return "|".join(f"{row.chat.pk}{'h' * row.here}{'w' * row.waits}" for row in _rows(actor))


def _streamed(actor: Actor, *, after: int, chat_id: int | None, look: Any, alive: Any) -> StreamingHttpResponse:
    def concerns(news: News) -> bool:
        if news.get("topic") != "chat":
            return False
        return news.get("chat") == chat_id or actor.sees_case(int(news.get("unit") or 0), news.get("team"))

    body = stream(key=chat_id or 0, after=after, look=look, alive=alive, concerns=concerns)
    response = StreamingHttpResponse(body, content_type="text/event-stream")
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Accel-Buffering"] = "no"
    return response
