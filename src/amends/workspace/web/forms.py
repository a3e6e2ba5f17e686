"""The forms of the shell. Each field says what is wrong and what to do."""

from __future__ import annotations

from typing import Any
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User


class SignInForm(forms.Form):
    """Address and password."""

    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )


def _zones() -> list[tuple[str, str]]:
    return [
        (name, name)
        for name in sorted(available_timezones())
        if "/" in name and not name.startswith(("Etc/", "SystemV/", "US/"))
    ]


class FirstRunForm(forms.Form):
    """The organisation and its first administrator."""

    name = forms.CharField(
        label=_("Name of the organisation"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "organization"}),
    )
    country = forms.RegexField(
        r"^[A-Za-z]{2}$",
        label=_("Country"),
        initial="GB",
        help_text=_("Two letters, such as GB or DE: it decides which public holidays count."),
        error_messages={"invalid": _("Use the two letters of the country, such as GB or DE.")},
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=_zones, initial="Europe/London")
    language = forms.ChoiceField(label=_("Language of the pages"), choices=settings.LANGUAGES)
    person = forms.CharField(
        label=_("Your name"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("Your e-mail address"), max_length=254, widget=forms.EmailInput(attrs={"autocomplete": "username"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=1000,
        strip=False,
        help_text=_("At least ten characters, and not a common one."),
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def clean_country(self) -> str:
        """Upper case, as holidays and rule packs name countries."""
        return str(self.cleaned_data["country"]).upper()

    def clean(self) -> dict[str, Any]:
        """The password must pass the rules of the installation."""
        cleaned = super().clean() or {}
        if cleaned.get("password"):
            try:
                validate_password(
                    cleaned["password"], User(email=cleaned.get("email", ""), name=cleaned.get("person", ""))
                )
            except forms.ValidationError as error:
                self.add_error("password", error)
        return cleaned
