"""The staff's pages of reviews: what was said in public, one review with its answer, and the sources."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, Unit, permission_required, request_actor, unit_by_key
from amends.core.errors import AmendsError, BadInput
from amends.intake.channels.reviews import services
from amends.intake.channels.reviews.connectors.found import all_connectors, connector_of
from amends.intake.channels.reviews.files import FILE_LIMIT, take_file
from amends.intake.channels.reviews.forms import SourceForm
from amends.intake.channels.reviews.models import Mention, ReviewSource
from amends.intake.channels.reviews.replying import UNDER_WAY, next_number, write_public_reply
from amends.intake.channels.reviews.selectors import (
    Show,
    access_mention,
    access_source,
    listed_mentions,
    page_of_mentions,
    replies_of,
    source_is_failing,
    visible_sources,
)
from amends.intake.channels.reviews.wording import draft, way_of_contact

PAGE = 50
ROOM = 64 * 1024


def _number(value: str) -> int | None:
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None


@require_GET
@permission_required(Permission.CASE_VIEW)
def mentions(request: HttpRequest) -> HttpResponse:
    """The list; at first the unhappy ones that nobody has answered."""
    actor = request_actor(request)
    asked = request.GET.get("show", "")
    show = Show(asked) if asked in list(Show) else Show.UNANSWERED
    source = _number(request.GET.get("source", ""))
    found = listed_mentions(actor, show=show, source_id=source)
    page, older = page_of_mentions(found, size=PAGE, after=request.GET.get("after", "")[:200])
    sources = list(visible_sources(actor))
    context = {
        "mentions": page,
        "older": older,
        "show": show.value,
        "shows": [
            (Show.UNANSWERED.value, _("Unanswered")),
            (Show.UNHAPPY.value, _("Unhappy")),
            (Show.ALL.value, _("All")),
        ],
        "source": source,
        "sources": sources,
        "failing": [one for one in sources if source_is_failing(one)] if _may_change(actor) else [],
        "may_change": _may_change(actor),
    }
    return render(request, "intake/reviews/mentions.html", context)


def _may_change(actor: Actor) -> bool:
    return actor.can(Permission.SETTINGS_CHANGE)


@require_GET
@permission_required(Permission.CASE_VIEW)
def mention(request: HttpRequest, number: int) -> HttpResponse:
    """One review: what it says and said, what became of it, and the form for a public reply."""
    actor = request_actor(request)
    return _mention_page(request, actor, access_mention(actor, number))


def _mention_page(
    request: HttpRequest, actor: Actor, one: Mention, *, text: str | None = None, problem: str = ""
) -> HttpResponse:
    can = connector_of(one.source.kind).capabilities
    replies = replies_of(one)
    on_its_way = any(reply.message.state in UNDER_WAY for reply in replies)
    may_reply = (
        can.replies
        and actor.can(Permission.CASE_WORK)
        and one.complaint_id is not None
        and one.gone_at is None
        and not on_its_way
        and (one.answered_at is None or can.changes_reply)
    )
    contact = way_of_contact(one.source.contact)
    context = {
        "mention": one,
        "kind": connector_of(one.source.kind).name,
        "can": can,
        "versions": list(one.versions.all()),
        "replies": replies,
        "reply_by_hand": one.reply_there and not any(reply.message.text == one.reply_there for reply in replies),
        "on_its_way": on_its_way,
        "may_reply": may_reply,
        "may_register": one.complaint_id is None and actor.can(Permission.CASE_REGISTER),
        "number": next_number(one),
        "text": draft(language=one.language, name=one.author, contact=contact, limit=can.reply_limit)
        if text is None and may_reply
        else text,
        "problem": problem,
    }
    return render(request, "intake/reviews/mention.html", context, status=422 if problem else 200)


@require_POST
@permission_required(Permission.CASE_WORK)
def reply(request: HttpRequest, number: int) -> HttpResponse:
    """Send a public reply on its way."""
    actor = request_actor(request)
    one = access_mention(actor, number)
    text = str(request.POST.get("text", ""))
    try:
        written = _number(str(request.POST.get("number", ""))) or 0
        write_public_reply(actor=actor, mention_id=one.pk, text=text, number=written)
    except BadInput as refusal:
        return _mention_page(request, actor, one, text=text[:20_000], problem=refusal.message)
    messages.success(request, _("The reply is on its way."))
    return redirect("mention", one.pk)


@require_POST
@permission_required(Permission.CASE_REGISTER)
def make_case(request: HttpRequest, number: int) -> HttpResponse:
    """Make a case of a review that did not become one by itself."""
    actor = request_actor(request)
    services.make_case(actor=actor, mention_id=access_mention(actor, number).pk)
    messages.success(request, _("The review is a case now."))
    return redirect("mention", number)


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def sources(request: HttpRequest) -> HttpResponse:
    """All sources with how they are, and the kinds that can be added."""
    actor = request_actor(request)
    rows = [(one, connector_of(one.kind).name, source_is_failing(one)) for one in visible_sources(actor)]
    return render(request, "intake/reviews/sources.html", {"sources": rows, "connectors": all_connectors()})


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def add_source(request: HttpRequest, kind: str) -> HttpResponse:
    """The form for a new source of one kind."""
    actor = request_actor(request)
    connector = connector_of(kind)
    form = SourceForm(request.POST or None, connector=connector, units=_units(actor))
    if request.method == "POST" and form.is_valid():
        try:
            unit = unit_by_key(form.cleaned_data["unit"])
            source = services.add_source(actor=actor, new=form.new_source(unit.pk))
        except AmendsError as refusal:
            form.refuse(refusal.field, refusal.message)
        else:
            messages.success(request, _("The source is added."))
            return redirect("review_source", source.pk)
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "intake/reviews/add_source.html", {"form": form, "connector": connector}, status=status)


def _units(actor: Actor) -> list[tuple[str, str]]:
    units = Unit.objects.order_by("path")
    if actor.unit_ids is not None:
        units = units.filter(pk__in=actor.unit_ids)
    return [(unit.key, unit.name) for unit in units[:500]]


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def source(request: HttpRequest, number: int) -> HttpResponse:
    """One source."""
    return _source_page(request, access_source(request_actor(request), number))


def _source_page(request: HttpRequest, one: ReviewSource, *, problem: str = "") -> HttpResponse:
    connector = connector_of(one.kind)
    context = {
        "source": one,
        "connector": connector,
        "failing": source_is_failing(one),
        "settings": [
            (wanted.label, one.secrets.get(wanted.name) if wanted.secret else one.settings.get(wanted.name, ""))
            for wanted in connector.wanted
        ],
        "number_of_mentions": one.mentions.count(),
        "problem": problem,
    }
    return render(request, "intake/reviews/source.html", context, status=422 if problem else 200)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def switch_source(request: HttpRequest, number: int) -> HttpResponse:
    """Pause a source, go on with it, or visit it now."""
    actor = request_actor(request)
    one = access_source(actor, number)
    if request.POST.get("act") == "fetch":
        services.fetch_now(actor=actor, source_id=one.pk)
        messages.success(request, _("The source is visited now."))
    else:
        services.pause_source(actor=actor, source_id=one.pk, paused=request.POST.get("act") == "pause")
    return redirect("review_source", one.pk)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def upload(request: HttpRequest, number: int) -> HttpResponse:
    """Take in a file of reviews."""
    actor = request_actor(request)
    one = access_source(actor, number)
    if int(request.META.get("CONTENT_LENGTH") or 0) > FILE_LIMIT + ROOM:
        return _source_page(request, one, problem=_("The file is too large: divide it."))
    file = request.FILES.get("file")
    if file is None:
        return _source_page(request, one, problem=_("Choose a file first."))
    try:
        taken = take_file(actor=actor, source_id=one.pk, data=file.read())
    except BadInput as refusal:
        return _source_page(request, one, problem=refusal.message)
    text = ngettext("%(count)d review is taken in.", "%(count)d reviews are taken in.", taken.reviews)
    messages.success(request, text % {"count": taken.reviews})
    return redirect("review_source", one.pk)
