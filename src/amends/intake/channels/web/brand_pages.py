"""The administrator's page of the form's look: colours, words, logo, the web sites that may embed it, and the line to embed."""

from __future__ import annotations

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.views.decorators.http import require_GET, require_http_methods

from amends.accounts.public import Permission, Unit, permission_required, request_actor
from amends.core.errors import BadInput, NotFound
from amends.intake.channels.web.brands import LANGUAGES, LOGO_LIMIT, TEXT_LIMITS, set_brand
from amends.intake.channels.web.forms import CleanField
from amends.intake.channels.web.models import Brand


class BrandForm(forms.Form):
    """The fields; whether they make sense is decided by the verb."""

    accent = CleanField(
        label=_lazy("Colour of buttons and links"),
        help_text=_lazy("Such as #1c5d9f. Empty: the colour of Amends. It must be readable on a light page."),
        max_length=7,
        required=False,
    )
    accent_dark = CleanField(
        label=_lazy("The same on a dark page"),
        help_text=_lazy("Empty: made from the first colour."),
        max_length=7,
        required=False,
    )
    title_en = CleanField(label=_lazy("Heading, English"), max_length=TEXT_LIMITS["title"], required=False)
    intro_en = CleanField(label=_lazy("Introduction, English"), max_length=TEXT_LIMITS["intro"], required=False)
    title_de = CleanField(label=_lazy("Heading, German"), max_length=TEXT_LIMITS["title"], required=False)
    intro_de = CleanField(label=_lazy("Introduction, German"), max_length=TEXT_LIMITS["intro"], required=False)
    origins = CleanField(
        label=_lazy("Web sites that may embed the form and the chat"),
        help_text=_lazy("One on each line, such as https://www.example.org."),
        max_length=6000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    chat = forms.BooleanField(label=_lazy("The widget offers the chat"), required=False)
    logo = forms.FileField(
        label=_lazy("Logo"),
        help_text=_lazy("PNG, JPEG or WebP, at most 200 kB."),
        required=False,
        allow_empty_file=True,
    )
    no_logo = forms.BooleanField(label=_lazy("Take the logo away"), required=False)

    def texts(self) -> dict[str, dict[str, str]]:
        """The words by language."""
        values = self.cleaned_data
        return {one: {name: values.get(f"{name}_{one}", "") for name in TEXT_LIMITS} for one in LANGUAGES}


@require_GET
@permission_required(Permission.SETTINGS_CHANGE)
def forms_list(request: HttpRequest) -> HttpResponse:
    """Every unit, and whether it has a look of its own."""
    actor = request_actor(request)
    own = set(Brand.objects.values_list("unit_id", flat=True))
    units = [(one, one.pk in own) for one in Unit.objects.order_by("path")[:500] if actor.sees_unit(one.pk)]
    return render(request, "intake/web/brands.html", {"units": units})


@require_http_methods(["GET", "POST"])
@permission_required(Permission.SETTINGS_CHANGE)
def form_settings(request: HttpRequest, unit_key: str) -> HttpResponse:
    """The look of one unit's form."""
    unit = Unit.objects.filter(key=unit_key).first()
    if unit is None or not request_actor(request).sees_unit(unit.pk):
        raise NotFound
    if request.method != "POST":
        return _page(request, unit, BrandForm(initial=_stored(unit)))
    form = BrandForm(request.POST, request.FILES)
    if not form.is_valid():
        return _page(request, unit, form, status=422)
    try:
        _write(request, unit, form)
    except BadInput as refusal:
        form.add_error(refusal.field if refusal.field in form.fields else None, refusal.message)
        return _page(request, unit, form, status=422)
    messages.success(request, _("The form looks like this from now on."))
    return redirect("brand_settings", unit.key)


def _write(request: HttpRequest, unit: Unit, form: BrandForm) -> None:
    values = form.cleaned_data
    upload = values.get("logo")
    if upload is not None and upload.size > LOGO_LIMIT:
        raise BadInput(_("A logo is a PNG, JPEG or WebP picture of at most 200 kB."), field="logo")
    set_brand(
        actor=request_actor(request),
        unit=unit,
        accent=values["accent"],
        accent_dark=values["accent_dark"],
        texts=form.texts(),
        origins=values["origins"].splitlines(),
        chat=values["chat"],
        logo=upload.read() if upload else None,
        keep_logo=not values["no_logo"],
    )


def _stored(unit: Unit) -> dict[str, Any]:
    brand = Brand.objects.filter(unit=unit).defer("logo").first()
    if brand is None:
        return {"chat": True}
    words = {f"{name}_{one}": brand.texts.get(one, {}).get(name, "") for name in TEXT_LIMITS for one in LANGUAGES}
    return {
        "accent": brand.accent,
        "accent_dark": brand.accent_dark,
        "origins": "\n".join(brand.origins),
        "chat": brand.chat,
        **words,
    }


def _page(request: HttpRequest, unit: Unit, form: BrandForm, status: int = 200) -> HttpResponse:
    address = settings.AMENDS_PUBLIC_URL
    line = f'<script src="{address}/widget.js" data-unit="{unit.key}" defer></script>'  # shown, so the page escapes it
    brand = Brand.objects.filter(unit=unit).defer("logo").first()
    context = {"unit": unit, "form": form, "line": line, "brand": brand, "page": f"{address}/complain/{unit.key}/"}
    return render(request, "intake/web/brand.html", context, status=status)
