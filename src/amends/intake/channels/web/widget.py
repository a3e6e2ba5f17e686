"""What the widget on other web sites asks: its own script, how it looks here, and taking in a complaint."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path
from typing import cast

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET

from amends.accounts.public import Unit, public_page, unit_settings
from amends.core import clock
from amends.core.errors import BadInput
from amends.intake.channels.chat.selectors import somebody_is_there
from amends.intake.channels.chat.services import portal_address
from amends.intake.channels.web import guard
from amends.intake.channels.web.brands import logo_of, look_of, style_of
from amends.intake.channels.web.colours import ink_on
from amends.intake.channels.web.crossing import crossing
from amends.intake.channels.web.files import MAX_FILE, MAX_FILES, MAX_TOTAL, Upload, accept_files
from amends.intake.channels.web.forms import ComplaintForm
from amends.intake.channels.web.receive import receive
from amends.intake.channels.web.scanning import scan_files
from amends.intake.channels.web.visitors import address_of, chosen_unit

WORDS: dict[str, object] = {
    "chat": _lazy("Chat"),
    "text": _lazy("What happened?"),
    "wish": _lazy("What would you like us to do? (if you know)"),
    "name": _lazy("Your name (optional)"),
    "email": _lazy("Your e-mail address"),
    "emailOptional": _lazy("Your e-mail address (optional)"),
    "phone": _lazy("or your phone number"),
    "files": _lazy("Photos or documents (optional)"),
    "send": _lazy("Send"),
    "sending": _lazy("Sending …"),
    "start": _lazy("Start the chat"),
    "message": _lazy("Your message"),
    "trap": _lazy("Please leave this field empty"),
    "shared": _lazy("Other people use this device: keep no draft here"),
    "kept": _lazy("Your draft from last time is here again."),
    "forget": _lazy("Delete it"),
    "thanks": _lazy("Thank you. It has arrived."),
    "reference": _lazy("Reference"),
    "page": _lazy("Your own page, with every step and our answers"),
    "here": _lazy("We are here and read what you write."),
    "staffed": _lazy("Somebody is there and can answer now."),
    "nobody": _lazy(
        "Nobody is here at the moment. Write all the same: the answer comes by e-mail, or waits on your page."
    ),
    "typing": _lazy("We are writing …"),
    "you": _lazy("You"),
    "us": _lazy("We"),
    "gone": _lazy("This chat is over. Go on here:"),
    "again": _lazy("New message"),
    "fresh": _lazy("We have answered"),
}
"""What the widget says, in the language it asks in."""
_AROUND_MARKS = re.compile(r"(?<=\S)[ \t]*([{};,]|:(?= ))[ \t]+")
PARTS = ("words", "style", "parts", "form", "chat", "frame")
FOLDER = Path(__file__).resolve().parents[2] / "static" / "intake" / "web" / "widget"
ROOM_FOR_WORDS = 1024 * 1024


@lru_cache(maxsize=1)
def script() -> tuple[bytes, str]:
    """The widget as one file, and its entity tag. Its parts are ordinary files, joined when they are first asked for.

    Lines of comment, the space before lines and the space around the marks of the style sheet are left out; nothing
    else is changed.
    """
    parts = {name: (FOLDER / f"{name}.js").read_text(encoding="utf-8") for name in PARTS}
    parts["style"] = _AROUND_MARKS.sub(r"\1", parts["style"]).replace(";}", "}")
    lines = (line.strip() for text in parts.values() for line in text.splitlines())
    joined = "\n".join(line for line in lines if line and not line.startswith("// "))
    body = f'(() => {{\n"use strict";\n{joined}\n}})();\n'.encode()
    return body, f'"{hashlib.sha256(body).hexdigest()[:20]}"'


@public_page
@require_GET
def widget_script(request: HttpRequest) -> HttpResponse:
    """`widget.js`: the same for everybody; what it may do is decided when it asks."""
    body, tag = script()
    unchanged = request.headers.get("If-None-Match") == tag
    response = HttpResponse(b"" if unchanged else body, status=304 if unchanged else 200)
    response.headers["Content-Type"] = "text/javascript; charset=utf-8"
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    return response


def _chosen(request: HttpRequest) -> Unit:
    return chosen_unit(request.GET.get("unit", ""))


def _itself(unit: Unit) -> Unit:
    return unit


@crossing(_chosen, _itself, "GET")
def start(request: HttpRequest, unit: Unit) -> HttpResponse:
    """What the widget needs when it opens: a fresh stamp, the look, and whether somebody is at the chat."""
    look, language = look_of(unit), _language()
    house = unit_settings(unit.pk)
    return JsonResponse(
        {
            "stamp": guard.new_stamp(clock.now()),
            "house": house.sender_name,
            "title": look.words(language, "title"),
            "intro": look.words(language, "intro"),
            "colours": [look.accent, look.accent_dark] if look.accent else [],
            "ink": [ink_on(look.accent), ink_on(look.accent_dark)] if look.accent else [],
            "chat": look.chat,
            "staffed": look.chat and somebody_is_there(unit.pk),
            "words": {name: str(words) for name, words in WORDS.items()},
            "files": {"count": MAX_FILES, "each": MAX_FILE, "total": MAX_TOTAL},
        }
    )


def _language() -> str:
    return (get_language() or "en").split("-")[0]


@crossing(_chosen, _itself, "POST")
def complaint(request: HttpRequest, unit: Unit) -> HttpResponse:
    """Take in the form; the same stamp again is the same complaint."""
    if int(request.META.get("CONTENT_LENGTH") or 0) > MAX_TOTAL + ROOM_FOR_WORDS:
        raise BadInput(_("The files are too large together."), field="files")
    stamp = guard.read_stamp(str(request.POST.get("stamp", ""))[:200])
    if stamp is None or guard.too_old(stamp, clock.now()):
        raise BadInput(_("This page was open for a long time. Please press the button once more."), field="stamp")
    if guard.too_fast(stamp, clock.now()):
        raise BadInput(_("That was very fast. Please press the button once more."), field="fast")
    form = ComplaintForm(request.POST, unit=unit)
    if not form.is_valid():
        field, problems = next(iter(form.errors.items()))
        raise BadInput(str(problems[0]), field=field)
    result = receive(
        values=form.cleaned_data,
        extra=form.extra(),
        files=scan_files(accept_files(cast("list[Upload]", request.FILES.getlist("files")))),
        unit=unit,
        stamp=stamp,
        visitor=address_of(request),
        language=_language(),
        now=clock.now(),
    )
    body = {"reference": result.complaint.reference or "", "page": portal_address(result.complaint)}
    return JsonResponse(body, status=201 if result.created else 200)


@public_page
@require_GET
def brand_style(request: HttpRequest, unit_key: str) -> HttpResponse:
    """The colours of a brand as a style sheet, because the pages allow no style of their own."""
    del request
    response = HttpResponse(style_of(look_of(chosen_unit(unit_key))), content_type="text/css; charset=utf-8")
    response.headers["Cache-Control"] = "public, max-age=300"
    return response


@public_page
@require_GET
def brand_logo(request: HttpRequest, unit_key: str) -> HttpResponse:
    """The logo of a brand."""
    del request
    found = logo_of(unit_key)
    if found is None:
        return HttpResponse(status=404)
    response = HttpResponse(found[0], content_type=found[1])
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
