"""The chat of a customer's page, ours or one on another web site: JSON and an event stream, authorised by the chat's secret."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from amends.accounts.public import Unit
from amends.cases.public import Complaint
from amends.core import clock
from amends.core.errors import BadInput, NotFound
from amends.core.text import clean
from amends.intake.channels.chat import saying, services
from amends.intake.channels.chat.forms import ChatForm
from amends.intake.channels.chat.models import Chat
from amends.intake.channels.chat.selectors import chat_of_token, lines_after, somebody_is_there, state_for_customer
from amends.intake.channels.chat.stream import Look, crowded, stream
from amends.intake.channels.chat.tokens import chat_token
from amends.intake.channels.web import guard
from amends.intake.channels.web.brands import look_of
from amends.intake.channels.web.crossing import crossing
from amends.intake.channels.web.files import MAX_TOTAL, Upload, accept_files
from amends.intake.channels.web.receive import TooOftenError
from amends.intake.channels.web.scanning import scan_files
from amends.intake.channels.web.visitors import address_of, chosen_unit

LARGEST = 64 * 1024


def _chat(request: HttpRequest, token: str) -> Chat | None:
    del request
    return chat_of_token(token)


def _unit(chat: Chat) -> Unit:
    return Unit.objects.get(pk=chat.complaint.unit_id)


def _itself(unit: Unit) -> Unit:
    return unit


def _chosen(request: HttpRequest) -> Unit | None:
    return chosen_unit(request.GET.get("unit", ""))


def number_of(text: str) -> int:
    """A number in a request, 0 when it is none."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


@crossing(_chosen, _itself, "POST")
def begin(request: HttpRequest, unit: Unit) -> HttpResponse:
    """Start a chat from the widget: the first words are a complaint from now on."""
    if not look_of(unit).chat:
        raise NotFound
    _refuse_large(request)
    form = ChatForm(request.POST)
    stamp = guard.read_stamp(str(request.POST.get("stamp", ""))[:200])
    if stamp is None or guard.too_old(stamp, clock.now()):
        raise BadInput(_("This page was open for a long time. Please press the button once more."), field="stamp")
    if guard.too_fast(stamp, clock.now()):
        raise BadInput(_("That was very fast. Please press the button once more."), field="fast")
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise BadInput(str(problems[0]), field=field)
    chat, _created = services.start_chat(
        values=form.cleaned_data,
        unit=unit,
        stamp=stamp,
        visitor=address_of(request),
        language=(get_language() or "en").split("-")[0],
        now=clock.now(),
    )
    services.customer_is_here(chat=chat)
    return JsonResponse(_welcome(chat, Complaint.objects.get(pk=chat.complaint_id)), status=201)


def _welcome(chat: Chat, complaint: Complaint) -> dict[str, object]:
    return {
        "token": chat_token(chat.public_id),
        "reference": complaint.reference or "",
        "page": services.portal_address(complaint),
        "staffed": somebody_is_there(complaint.unit_id, complaint.team_id),
    }


@crossing(_chat, _unit, "GET")
def live(request: HttpRequest, chat: Chat) -> HttpResponseBase:
    """The event stream of the customer's page; it goes on after `Last-Event-ID` (or `?after=`)."""
    after = number_of(request.headers.get("Last-Event-ID", "") or request.GET.get("after", ""))
    pk = chat.pk
    if crowded(pk):
        raise TooOftenError(_("The chat is open in too many places. Close some of them."))

    def fresh() -> Chat:
        return Chat.objects.select_related("complaint").get(pk=pk)

    def look(last: int) -> Look:
        now = fresh()
        return Look([(one.id, one.for_customer()) for one in lines_after(now, last)], state_for_customer(now))

    response = StreamingHttpResponse(
        stream(
            key=pk,
            after=after,
            look=look,
            alive=lambda: services.customer_is_here(chat=fresh()),
            concerns=lambda news: news.get("topic") == "chat" and news.get("chat") == pk,
        ),
        content_type="text/event-stream",
    )
    response.headers["X-Accel-Buffering"] = "no"
    return response


@crossing(_chat, _unit, "POST")
def say(request: HttpRequest, chat: Chat) -> HttpResponse:
    """A line of the customer's, with files perhaps; the same key again is the same line.

    When the case was closed long ago the words went on in another one: `moved` is the chat to go on in.
    """
    _refuse_large(request, MAX_TOTAL + LARGEST if request.content_type == "multipart/form-data" else LARGEST)
    said = saying.customer_says(
        chat=chat,
        text=clean(request.POST.get("text", "")),
        key=str(request.POST.get("key", "")),
        files=scan_files(accept_files(cast("list[Upload]", request.FILES.getlist("files")))),
    )
    told: dict[str, object] = {"id": said.message_id}
    if said.chat.pk != chat.pk:
        told["moved"] = _welcome(said.chat, Complaint.objects.get(pk=said.chat.complaint_id))
    return JsonResponse(told, status=201)


@crossing(_chat, _unit, "POST")
def typing(request: HttpRequest, chat: Chat) -> HttpResponse:
    """The customer is writing."""
    _refuse_large(request)
    services.typing(chat=chat, who="customer")
    return HttpResponse(status=204)


@crossing(_chat, _unit, "POST")
def seen(request: HttpRequest, chat: Chat) -> HttpResponse:
    """The page has shown every line up to `id`."""
    _refuse_large(request)
    services.seen(chat=chat, up_to=number_of(str(request.POST.get("id", ""))))
    return HttpResponse(status=204)


@crossing(_chat, _unit, "POST")
def leave(request: HttpRequest, chat: Chat) -> HttpResponse:
    """The page is closing."""
    _refuse_large(request)
    services.customer_left(chat=chat)
    return HttpResponse(status=204)


def _refuse_large(request: HttpRequest, largest: int = LARGEST) -> None:
    if int(request.META.get("CONTENT_LENGTH") or 0) > largest:
        raise BadInput(_("This is too long for the chat. Send it in parts."), field="text")
