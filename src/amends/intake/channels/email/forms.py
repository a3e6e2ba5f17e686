"""The forms of the mail pages."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Actor, Unit
from amends.intake.channels.email.incoming.mailboxes import LIMITS
from amends.intake.channels.email.models import Mailbox, MailboxAuth, MailboxTLS, OAuthGrant


def units_for(actor: Actor) -> list[tuple[int, str]]:
    """The units that the actor sees, from the top down, for a choice."""
    rows = Unit.objects.order_by("path").values_list("pk", "name", "path")
    return [(pk, "– " * max(0, path.count("/") - 2) + name) for pk, name, path in rows if actor.sees_unit(pk)]


class ByHandForm(forms.Form):
    """What a person read in a mail that Amends could not read."""

    name = forms.CharField(label=_("Who complains"), max_length=300, required=False)
    email = forms.CharField(label=_("E-mail address"), max_length=320, required=False)
    unit = forms.TypedChoiceField(label=_("About which unit"), coerce=int)
    subject = forms.CharField(label=_("Subject"), max_length=500, required=False)
    text = forms.CharField(
        label=_("What the mail says"), max_length=200_000, widget=forms.Textarea(attrs={"rows": 8, "class": "wide"})
    )

    def __init__(self, *args: Any, actor: Actor, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        field = self.fields["unit"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = units_for(actor)


class MailboxForm(forms.Form):
    """A mailbox. Secrets are named by their places, never typed in here."""

    name = forms.CharField(label=_("Name"), max_length=LIMITS["name"])
    unit_id = forms.TypedChoiceField(label=_("Mail in it belongs to"), coerce=int)
    address = forms.CharField(label=_("Its e-mail address"), max_length=LIMITS["address"], required=False)
    host = forms.CharField(label=_("Server"), max_length=LIMITS["host"])
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65535, initial=993)
    tls = forms.ChoiceField(label=_("Protection"), choices=MailboxTLS.choices)
    user = forms.CharField(label=_("User"), max_length=LIMITS["user"])
    folder = forms.CharField(label=_("Folder"), max_length=LIMITS["folder"], initial="INBOX")
    auth = forms.ChoiceField(label=_("Sign-in"), choices=MailboxAuth.choices)
    secret = forms.CharField(
        label=_("Where the password or refresh token is"),
        max_length=LIMITS["secret"],
        required=False,
        help_text=_("env:AMENDS_MAILBOX_SECRET_… names a variable, file:… a file in AMENDS_SECRETS_DIR."),
    )
    grant = forms.ChoiceField(label=_("OAuth 2: way"), choices=[("", "–"), *OAuthGrant.choices], required=False)
    token_url = forms.CharField(label=_("OAuth 2: token address"), max_length=LIMITS["token_url"], required=False)
    client_id = forms.CharField(label=_("OAuth 2: client id"), max_length=LIMITS["client_id"], required=False)
    client_secret = forms.CharField(
        label=_("OAuth 2: where the client's secret is"), max_length=LIMITS["client_secret"], required=False
    )
    scope = forms.CharField(label=_("OAuth 2: scope"), max_length=LIMITS["scope"], required=False)
    skip_existing = forms.BooleanField(label=_("Leave aside what is in it before the first contact"), required=False)
    active = forms.BooleanField(label=_("Read it"), required=False, initial=True)

    def __init__(self, *args: Any, actor: Actor, mailbox: Mailbox | None = None, **kwargs: Any) -> None:
        if mailbox is not None:
            kwargs["initial"] = {name: getattr(mailbox, name) for name in self.base_fields}
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        field = self.fields["unit_id"]
        assert isinstance(field, forms.TypedChoiceField)
        field.choices = units_for(actor)
