"""The customer's side of the chat, on their own page."""

from __future__ import annotations

from typing import cast
from uuid import uuid4

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from amends.cases.public import Complaint, portal_token
from amends.core.errors import AmendsError, BadInput
from amends.core.text import clean
from amends.followup.public import house_of, refusal_words
from amends.intake.public import (
    MAX_TOTAL,
    Upload,
    accept_files,
    chat_of,
    chat_token,
    customer_says,
    lines_after,
    look_of,
    open_chat,
    scan_files,
    state_for_customer,
)
from amends.portal.limits import ROOM_FOR_WORDS
from amends.portal.services import actor_of
from amends.portal.web.views import own_page


@own_page
@require_http_methods(["GET", "POST"])
def chat(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """Show the chat; open it, or take in what was written without JavaScript. Looking opens nothing."""
    if request.method != "POST":
        return _page(request, complaint)
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL + ROOM_FOR_WORDS:
            raise BadInput(_("The files are too large together."), field="files")
        words = clean(request.POST.get("text", ""))
        found = open_chat(actor=actor_of(complaint), complaint=complaint)
        found.complaint = complaint
        uploads = cast("list[Upload]", request.FILES.getlist("files"))
        if words.strip() or any(one.size for one in uploads):
            files = scan_files(accept_files(uploads))
            said = customer_says(chat=found, text=words, key=request.POST.get("key", ""), files=files)
            complaint = said.chat.complaint
    except AmendsError as refusal:
        return _page(request, complaint, refusal_words(refusal), clean(request.POST.get("text", "")), refusal.status)
    return HttpResponseRedirect(f"/p/{portal_token(complaint.public_id)}/chat/")


def _page(
    request: HttpRequest, complaint: Complaint, problem: str = "", written: str = "", status: int = 200
) -> HttpResponse:
    found = chat_of(complaint)
    context = {
        "complaint": complaint,
        "token": portal_token(complaint.public_id),
        "open": found.is_open,
        "address": f"/chat/{chat_token(found.public_id)}/",
        "lines": lines_after(found),
        "state": state_for_customer(found),
        "key": uuid4().hex,
        "problem": problem,
        "written": written,
        "look": look_of(complaint.unit),
        **house_of(complaint),
    }
    return render(request, "portal/chat.html", context, status=status)
