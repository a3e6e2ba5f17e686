"""Coming in and going out: first run, sign-in, sign-out, preferences."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import authenticate, login, logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from amends.accounts.public import (
    Permission,
    Unit,
    User,
    permission_required,
    public_page,
    request_actor,
    set_up_organisation,
)
from amends.core.text import normalise_email
from amends.workspace import services
from amends.workspace.web.forms import FirstRunForm, SignInForm

THEME_COOKIE = "amends_theme"
YEAR = 365 * 86400


def _safe_next(request: HttpRequest, fallback: str = "/") -> str:
    """Where to go afterwards: only an address of this site."""
    wanted = str(request.POST.get("next") or request.GET.get("next") or "")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return wanted if safe else fallback


def _machine(request: HttpRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


@public_page
def home(request: HttpRequest) -> HttpResponse:
    """To the queue, to the sign-in, or to the first run when there is no organisation yet."""
    if request.user.is_authenticated:
        return redirect("workspace:queue", view="mine")
    return redirect("workspace:sign_in" if Unit.objects.exists() else "workspace:first_run")


@public_page
@never_cache
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in with address and password; too many wrong ones must wait."""
    if request.user.is_authenticated:
        return HttpResponseRedirect(_safe_next(request))
    form = SignInForm(request.POST if request.method == "POST" else None)
    status = 200
    if request.method == "POST" and form.is_valid():
        email, machine = normalise_email(form.cleaned_data["email"]), _machine(request)
        if services.sign_in_must_wait(email=email, machine=machine):
            form.add_error(
                None, _("Too many attempts. Wait a quarter of an hour, or ask an administrator for a new password.")
            )
            status = 429
        else:
            user = authenticate(request, email=email, password=form.cleaned_data["password"])
            if isinstance(user, User):
                services.forget_failed_sign_ins(email=email)
                login(request, user)
                response = HttpResponseRedirect(_safe_next(request))
                response.set_cookie(
                    settings.LANGUAGE_COOKIE_NAME, user.language, max_age=YEAR, samesite="Lax", httponly=True
                )
                return response
            services.note_failed_sign_in(email=email, machine=machine)
            form.add_error(
                None,
                _("Address and password do not belong together. Check both; capital letters count in the password."),
            )
            status = 422
    return render(request, "workspace/sign_in.html", {"form": form, "next": _safe_next(request, "")}, status=status)


@public_page
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session."""
    logout(request)
    return redirect("workspace:sign_in")


@public_page
@never_cache
@sensitive_post_parameters("password")
def first_run(request: HttpRequest) -> HttpResponse:
    """Create the organisation and its administrator; only while there is none."""
    if Unit.objects.exists():
        return redirect("workspace:home")
    form = FirstRunForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        user = set_up_organisation(**form.cleaned_data)
        login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
        return redirect("workspace:queue", view="all")
    return render(request, "workspace/first_run.html", {"form": form}, status=422 if form.errors else 200)


@permission_required(Permission.CASE_VIEW)
@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Keep the theme and language (of this browser) and the shortcuts (of this person)."""
    response = HttpResponseRedirect(_safe_next(request))
    theme, language, shortcuts = (str(request.POST.get(name, "")) for name in ("theme", "language", "shortcuts"))
    if "theme" in request.POST and theme in ("light", "dark", ""):
        response.set_cookie(THEME_COOKIE, theme, max_age=YEAR, samesite="Lax", httponly=True)
    if language in dict(settings.LANGUAGES):
        services.set_preferences(actor=request_actor(request), language=language)
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, language, max_age=YEAR, samesite="Lax", httponly=True)
    if shortcuts in ("on", "off"):
        services.set_preferences(actor=request_actor(request), single_key_shortcuts=shortcuts == "on")
    return response
