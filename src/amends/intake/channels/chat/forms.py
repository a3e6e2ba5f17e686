"""The first words of a chat."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from amends.intake.channels.chat.rules import LINE_LIMIT
from amends.intake.channels.web.forms import CleanField


class ChatForm(forms.Form):
    """What a customer gives to start a chat; only the words are needed. The trap is for machines."""

    text = CleanField(max_length=LINE_LIMIT, error_messages={"required": _("Please write something first.")})
    name = CleanField(max_length=200, required=False)
    email = forms.EmailField(
        max_length=254,
        required=False,
        error_messages={"invalid": _("This does not look like an e-mail address. Please check it once more.")},
    )
    fax_extension = CleanField(max_length=200, required=False)

    def clean_fax_extension(self) -> str:
        """Only machines fill in what nobody sees."""
        if self.cleaned_data.get("fax_extension"):
            raise forms.ValidationError(_("This field is a trap for machines. Please empty it and send again."))
        return ""
