"""The customer's own page, and what they do there."""

from __future__ import annotations

from typing import cast

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from amends.cases.public import (
    Complaint,
    complaint_by_public_id,
    confirm_points,
    portal_token,
    read_portal_token,
    recipient_address,
    remove_point,
)
from amends.core import clock
from amends.core.errors import AmendsError, BadInput, NotFound
from amends.core.text import clean
from amends.followup.public import customer_page, house_of, refusal_words
from amends.handling.public import answer_proposal, proposal_for_customer
from amends.intake.public import MAX_TOTAL, Upload, accept_files, look_of, new_stamp, read_stamp, scan_files
from amends.portal.letter import file_for_customer, page_of
from amends.portal.limits import ROOM_FOR_WORDS
from amends.portal.services import actor_of, name_point, say
from amends.voice.public import language_for

ANSWERS = {"accept": "accepted", "decline": "declined", "other": "other"}


def _find(token: str) -> Complaint | None:
    public_id = read_portal_token(token)
    return None if public_id is None else complaint_by_public_id(public_id)


def _itself(complaint: Complaint) -> Complaint:
    return complaint


own_page = customer_page(_find, _itself)


def _page(
    request: HttpRequest, complaint: Complaint, problem: str = "", place: str = "", status: int = 200
) -> HttpResponse:
    """The whole page; `problem` is said at `place` (message, points, proposal), where what was written is kept."""
    page = page_of(complaint, language_for(get_language() or "en"))
    context = {
        "page": page,
        "complaint": complaint,
        "token": portal_token(complaint.public_id),
        "stamp": new_stamp(clock.now()),
        "problem": problem,
        "place": place,
        "sent": request.GET.get("sent") == "yes",
        "written": clean(request.POST.get("text", "")) if problem else "",
        "words": clean(request.POST.get("words", "")) if problem else "",
        "look": look_of(complaint.unit),
        **house_of(complaint),
    }
    return render(request, "portal/letter.html", context, status=status)


def _refused(request: HttpRequest, complaint: Complaint, refusal: AmendsError, place: str) -> HttpResponse:
    fresh = complaint_by_public_id(complaint.public_id) or complaint
    return _page(request, fresh, refusal_words(refusal), place, refusal.status)


def _back(complaint: Complaint, place: str, query: str = "") -> HttpResponse:
    return HttpResponseRedirect(f"/p/{portal_token(complaint.public_id)}/{query}#{place}")


@own_page
@require_GET
def letter(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """Where it stands."""
    return _page(request, complaint)


@own_page
@require_GET
def thanks(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """The page after the form was sent."""
    page = page_of(complaint, language_for(get_language() or "en"))
    context = {
        "page": page,
        "complaint": complaint,
        "token": portal_token(complaint.public_id),
        "has_address": bool(recipient_address(complaint)),
        "look": look_of(complaint.unit),
        **house_of(complaint),
    }
    return render(request, "portal/thanks.html", context)


@own_page
@require_POST
def message(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """Take in what the customer writes."""
    try:
        if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL + ROOM_FOR_WORDS:
            raise BadInput(_("The files are too large together."), field="files")
        stamp = read_stamp(request.POST.get("stamp", "")[:200])
        if stamp is None:
            raise BadInput(_("Please press the button once more."), field="text")
        files = scan_files(accept_files(cast("list[Upload]", request.FILES.getlist("files"))))
        say(
            actor=actor_of(complaint),
            complaint_id=complaint.pk,
            text=clean(request.POST.get("text", "")),
            key=stamp.key,
            files=files,
            not_settled=request.POST.get("not_settled") == "yes",
        )
    except AmendsError as refusal:
        return _refused(request, complaint, refusal, "message")
    return _back(complaint, "message", "?sent=yes")


@own_page
@require_POST
def points(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """Confirm, take off or add what the complaint is about."""
    actor, act = actor_of(complaint), request.POST.get("act", "")
    try:
        if act == "confirm":
            confirm_points(actor=actor, complaint_id=complaint.pk)
        elif act == "add":
            name_point(actor=actor, complaint_id=complaint.pk, words=clean(request.POST.get("words", "")))
        elif act.startswith("remove:") and act[7:].isascii() and act[7:].isdigit() and len(act) < 25:
            remove_point(actor=actor, complaint_id=complaint.pk, point_id=int(act[7:]))
        else:
            raise BadInput(_("Please press the button once more."))
    except AmendsError as refusal:
        return _refused(request, complaint, refusal, "points")
    return _back(complaint, "points")


@own_page
@require_POST
def proposal(request: HttpRequest, complaint: Complaint) -> HttpResponse:
    """The customer's answer to the proposal they saw."""
    answer, _colon, option = request.POST.get("answer", "").partition(":")
    whole = proposal_for_customer(complaint)
    try:
        if whole is None or str(whole.proposal.pk) != request.POST.get("proposal"):
            raise NotFound
        if answer not in ANSWERS:
            raise BadInput(_("Please choose one of the answers."), field="answer")
        words = clean(request.POST.get("words", "")).strip()
        if answer == "other" and not words:
            raise BadInput(_("Please tell me what you would like instead."), field="words")
        answer_proposal(
            actor=actor_of(complaint),
            proposal_id=whole.proposal.pk,
            answer=ANSWERS[answer],
            words=words,
            option=next((one for one in whole.options if str(one) == option), None),
        )
    except AmendsError as refusal:
        return _refused(request, complaint, refusal, "proposal")
    return _back(complaint, "proposal")


@own_page
@require_GET
def file(request: HttpRequest, complaint: Complaint, attachment_id: int) -> HttpResponse:
    """A file of this case, always as a download: nothing of it runs here."""
    found = file_for_customer(complaint, attachment_id)
    if found is None:
        raise NotFound
    response = HttpResponse(bytes(found.blob.data), content_type=found.content_type or "application/octet-stream")
    response.headers["Content-Disposition"] = (
        content_disposition_header(as_attachment=True, filename=found.name) or "attachment"
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
