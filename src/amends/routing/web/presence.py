"""Saying that one is here, away or off shift: the page, its part in the menu, and the beat of a used page."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Permission, permission_required, request_actor
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, NotFound
from amends.routing.attendance import Attendance, attendances
from amends.routing.leaving import ANSWER_ON_ITS_WAY, NO_TEAM, WAITS_FOR_CUSTOMER, Leaving, leaving, say_presence, seen
from amends.routing.presence import AWAY, HERE, OFF, usual_end
from amends.routing.templatetags.people import attendance_words, when_words

NAMED = 10
"""So many cases that stay are named; of further ones only the number is said."""


@require_http_methods(["GET", "POST"])
@permission_required(Permission.CASE_VIEW)
def presence(request: HttpRequest) -> HttpResponse:
    """How one stands, and what going off shift would give back; says what was chosen."""
    user_id = _user_id(request)
    now = clock.now()
    context: dict[str, Any] = {"mistake": None, "until": "", "word": ""}
    status = 200
    if request.method == "POST":
        word, until = request.POST.get("word", ""), request.POST.get("until", "")
        try:
            back = _say(request, word, until, attendances([user_id], now)[user_id].schedule.zone)
        except AmendsError as refused:
            context, status = {"mistake": refused.message, "until": until[:20], "word": word}, refused.status
        else:
            messages.success(request, _said(attendances([user_id], clock.now())[user_id], back))
            return HttpResponseRedirect(_next(request))
    seen(user_id=user_id, now=now)
    mine = attendances([user_id], now)[user_id]
    ends = usual_end(OFF, hours=mine.schedule.hours, zone=mine.schedule.zone, now=now)
    context |= {
        "mine": mine,
        "zone": mine.schedule.zone.key,
        "lines": preview_lines(leaving(user_id=user_id)),
        "usual": when_words(ends),
        "next": _next(request, ""),
        "area": "presence",
    }
    return render(request, "routing/presence.html", context, status=status)


@require_GET
@permission_required(Permission.CASE_VIEW)
def menu(request: HttpRequest) -> HttpResponse:
    """The part of the person's menu, asked for when it opens."""
    user_id = _user_id(request)
    mine = attendances([user_id], clock.now())[user_id]
    came_from = request.headers.get("HX-Current-URL", "")
    return render(request, "routing/presence_menu.html", {"mine": mine, "next": _safe(request, came_from)})


@require_POST
@permission_required(Permission.CASE_VIEW)
def beat(request: HttpRequest) -> HttpResponse:
    """A page was opened or used: somebody is there. Answers with the mark beside their initials."""
    user_id = _user_id(request)
    seen(user_id=user_id)
    return render(request, "routing/presence_mark.html", {"mine": attendances([user_id], clock.now())[user_id]})


def _user_id(request: HttpRequest) -> int:
    user_id = request_actor(request).user_id
    if user_id is None:
        raise NotFound
    return user_id


def _say(request: HttpRequest, word: str, until: str, zone: ZoneInfo) -> int:
    if word not in ("", HERE, AWAY, OFF):
        raise BadInput(_("Say here, away or off."), field="presence")
    return say_presence(actor=request_actor(request), word=word, until=read_moment(until, zone))


def read_moment(written: str, zone: ZoneInfo) -> datetime | None:
    """A date and time as a form sends it, on the wall of this zone; nothing is None.

    Raises:
        BadInput: it is none.
    """
    if not written.strip():
        return None
    try:
        moment = datetime.fromisoformat(written.strip()[:40])
    except ValueError as error:
        raise BadInput(_("Write the date and time such as 2026-03-02 09:00."), field="until") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _said(mine: Attendance, back: int) -> str:
    said = _("You are %(presence)s.") % {"presence": attendance_words(mine)}
    if not back:
        return said
    gone = ngettext("%(number)s case went back to its team.", "%(number)s cases went back to their team.", back)
    return f"{said} {gone % {'number': back}}"


def preview_lines(found: Leaving, *, name: str = "") -> list[str]:
    """What going off shift does, one sentence for each team and each reason to stay.

    `name` is that of somebody else than the reader.
    """
    lines = [
        ngettext("%(number)s case goes back to %(team)s.", "%(number)s cases go back to %(team)s.", number)
        % {"number": number, "team": team}
        for team, number in found.back
    ]
    for reason, references in found.stays:
        named = ", ".join(references[:NAMED]) + (" …" if len(references) > NAMED else "")
        said = (
            ngettext(
                "%(number)s stays with %(name)s, because %(why)s: %(which)s",
                "%(number)s stay with %(name)s, because %(why)s: %(which)s",
                len(references),
            )
            if name
            else ngettext(
                "%(number)s stays with you, because %(why)s: %(which)s",
                "%(number)s stay with you, because %(why)s: %(which)s",
                len(references),
            )
        )
        lines.append(said % {"number": len(references), "why": stay_words(reason), "which": named, "name": name})
    return lines


def stay_words(reason: str) -> str:
    """Why a case stays with its owner, after "because"."""
    return {
        WAITS_FOR_CUSTOMER: _("it is the customer's turn to answer"),
        ANSWER_ON_ITS_WAY: _("an answer is on its way"),
        NO_TEAM: _("no team has it in its queue"),
    }[reason]


def _next(request: HttpRequest, fallback: str | None = None) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return _safe(request, wanted) or (reverse("presence") if fallback is None else fallback)


def _safe(request: HttpRequest, wanted: str) -> str:
    """An address of this site, else nothing."""
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else ""
