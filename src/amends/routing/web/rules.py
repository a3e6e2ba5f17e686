"""The administrator's pages of the routing rules: read, draft, try, put into force, go back."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from amends.accounts.public import Actor, Permission, permission_required, request_actor
from amends.core.errors import AmendsError, Conflict, NotFound
from amends.core.text import digest
from amends.routing import rulesets
from amends.routing.ruleset import document_of
from amends.routing.trying import try_out
from amends.routing.web.rule_form import RuleForm
from amends.routing.wording import names, sentences


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def rules(request: HttpRequest) -> HttpResponse:
    """The rules in force as sentences, the draft, and the versions; with `?try=1` what the draft would have done."""
    known = names()
    active, draft = rulesets.active_version(), rulesets.draft()
    context: dict[str, Any] = {
        "active": active,
        "sentences": sentences(rulesets.rules_of(active), known),
        "draft": draft,
        "draft_sentences": sentences(rulesets.rules_of(draft), known) if draft else [],
        "seen": _seen(),
        "versions": rulesets.versions(),
    }
    if draft and request.GET.get("try"):
        trial = try_out(actor=request_actor(request), rules=rulesets.rules_of(draft))
        said = context["draft_sentences"]
        context["trial"] = trial
        context["trial_rules"] = [
            (number, said[number - 1] if number else said[-1], count) for number, count in trial.by_rule.items()
        ]
    return render(request, "routing/rules.html", context)


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def edit(request: HttpRequest, number: int = 0) -> HttpResponse:
    """Add a rule to the draft, or change the one with this number."""
    document = _document()
    listed = document.setdefault("rules", [])
    if number > len(listed):
        raise NotFound
    rule = rulesets.rules_of(rulesets.draft() or rulesets.active_version()).rules[number - 1] if number else None
    form = RuleForm(request.POST if request.method == "POST" else None, rule=rule)
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            before = _document()
            listed[number - 1 if number else len(listed) : number or len(listed)] = [form.document()]
            try:
                _check_seen(request)
                rulesets.save_draft(actor=request_actor(request), document=document, seen=before)
            except AmendsError as refused:
                form.add_error(_field(form, refused), refused.message)
            else:
                messages.success(request, _("The draft is saved. Nothing is routed by it until you put it into force."))
                return redirect("routing_rules")
    context = {"form": form, "number": number, "seen": request.POST.get("seen") or _seen()}
    return render(request, "routing/rule.html", context, status=status)


@require_POST
@permission_required(Permission.SETTINGS_CHANGE)
def change(request: HttpRequest) -> HttpResponse:
    """Begin, reorder, shorten or discard the draft, put it into force, or go back to a version."""
    actor = request_actor(request)
    try:
        said = _changed(actor, request)
    except NotFound:
        raise
    except AmendsError as refused:
        messages.error(request, refused.message)
    else:
        messages.success(request, said)
    return redirect("routing_rules")


def _changed(actor: Actor, request: HttpRequest) -> str:
    action, number, reason = request.POST.get("action"), _number(request), request.POST.get("reason", "")
    if action == "activate":
        _check_seen(request)
        version = rulesets.activate(actor=actor, reason=reason)
        return _("Version %(number)s is in force.") % {"number": version.number}
    if action == "roll_back":
        version = rulesets.roll_back(actor=actor, number=number, reason=reason)
        return _("Version %(number)s is in force.") % {"number": version.number}
    if action == "discard":
        rulesets.discard_draft(actor=actor)
        return _("The draft is gone.")
    _check_seen(request)
    before, document = _document(), _document()
    listed = document.setdefault("rules", [])
    other = {"up": number - 1, "down": number + 1, "remove": number, "begin": number}.get(action or "")
    if other is None or (action != "begin" and not (1 <= number <= len(listed) and 1 <= other <= len(listed))):
        raise NotFound
    if action == "remove":
        del listed[number - 1]
    elif action != "begin":
        listed[number - 1], listed[other - 1] = listed[other - 1], listed[number - 1]
    rulesets.save_draft(actor=actor, document=document, seen=before)
    return _("The draft is saved. Nothing is routed by it until you put it into force.")


def _document() -> dict[str, Any]:
    """The rules that a change begins with: the draft's, else those in force."""
    return document_of(rulesets.rules_of(rulesets.draft() or rulesets.active_version()))


def _seen() -> str:
    return digest(str(_document()))[:32]


def _check_seen(request: HttpRequest) -> None:
    """Refuse a change made on a page that shows an older draft.

    Raises:
        Conflict: the draft changed since the page was loaded.
    """
    if request.POST.get("seen") != _seen():
        raise Conflict(_("Somebody else has changed the draft: load the page again."))


def _number(request: HttpRequest) -> int:
    given = request.POST.get("number", "")
    return int(given) if given.isascii() and given.isdigit() and len(given) < 8 else 0


def _field(form: RuleForm, refused: AmendsError) -> str | None:
    name = (refused.field or "").rpartition(".")[2]
    name = "to" if ".to" in (refused.field or "") else name
    return name if name in form.fields else None
