"""Writing to the customer about proposals and promises, in their language and over the way that reaches them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils import formats, translation

from amends.accounts.public import SYSTEM, Actor, User
from amends.cases.public import Complaint, Message, mark_sent, queue_message, recipient_address
from amends.handling.models import Delay, Promise, Proposal, Remedy, Step
from amends.handling.remedies import remedy_kinds
from amends.voice.public import day_words, letter_context, letter_language, render


def written_days(earliest: date | None, latest: date, language: str) -> str:
    """A date range: `by …`, `on …`, or `between … and …`."""
    german = language.startswith("de")
    last = day_words(latest, language)
    if earliest is None:
        return f"bis {last}" if german else f"by {last}"
    if earliest == latest:
        return f"am {last}" if german else f"on {last}"
    first = day_words(earliest, language)
    return f"zwischen {first} und {last}" if german else f"between {first} and {last}"


def written_amount(amount: Decimal, measure: str, currency: str, language: str) -> str:
    """An amount in words: `120.00 GBP`, `10 %`, `12 months`."""
    german = language.startswith("de")
    with translation.override("de" if german else "en"):
        if measure == "money":
            return f"{formats.number_format(amount, decimal_pos=2, force_grouping=True)} {currency}"
        number = formats.number_format(amount.normalize() if amount else amount, use_l10n=True)
    if measure == "percent":
        return f"{number} %"
    return f"{number} {'Monate' if german else 'months'}"


def remedy_words(remedy: Remedy, language: str) -> str:
    """One remedy in a line: its kind, how much, and what was written about it."""
    kind = remedy_kinds().get(remedy.kind)
    label = kind.label.in_language(language) if kind else remedy.kind
    amount = ""
    if remedy.amount is not None and kind is not None:
        amount = f" ({written_amount(remedy.amount, kind.measure, remedy.currency, language)})"
    return f"{label}{amount}{': ' + remedy.text if remedy.text else ''}"


def step_words(step: Step, language: str) -> str:
    """One step in a line: what, who, and between which days."""
    you = "Sie" if language.startswith("de") else "You"
    who = "" if step.party == "us" else f"{step.who or (you if step.party == 'customer' else '')}: "
    return f"{who.removeprefix(': ')}{step.what}, {written_days(step.due_earliest, step.due_latest, language)}"


def write_to_customer(
    *,
    actor: Actor,
    complaint: Complaint,
    kind: str,
    purpose: str,
    context: Mapping[str, Any],
    letter: str = "",
    author: User | None = None,
) -> None:
    """Queue one letter, once for each purpose. `kind` is the message's, and the letter's unless that is named.

    Without an e-mail address it stands on the customer's page at once; the panel reminds the agent to ring them.
    """
    language = letter_language(complaint)
    if author is None and actor.user_id:
        author = User.objects.filter(pk=actor.user_id).first()
    written = render(
        letter or kind, language, {**letter_context(complaint, language=language, author=author), **context}
    )
    by_mail = bool(recipient_address(complaint))
    message = queue_message(
        actor=actor,
        complaint_id=complaint.pk,
        kind=kind,
        subject=written.subject,
        text=written.text,
        html=written.html,
        channel="email" if by_mail else "portal",
        purpose=purpose,
        language=written.language,
    )
    if message is not None and not by_mail:
        mark_sent(message_id=message.pk)


def write_proposal(*, actor: Actor, complaint: Complaint, proposal: Proposal) -> None:
    """The letter with the proposal: what we offer, the options, the steps with their days, and the conditions."""
    language = letter_language(complaint)
    remedies = list(Remedy.objects.filter(proposal=proposal))
    always = [remedy_words(one, language) for one in remedies if one.option == 0]
    joiner = " und " if language.startswith("de") else " and "
    options = [
        joiner.join(remedy_words(one, language) for one in remedies if one.option == option)
        for option in sorted({one.option for one in remedies if one.option})
    ]
    context = {
        "summary": proposal.summary,
        "choose": "yes" if options else "",
        "remedies": options or always,
        "always": always if options else [],
        "steps": [step_words(one, language) for one in Step.objects.filter(proposal=proposal)],
        "conditions": proposal.conditions,
    }
    write_to_customer(
        actor=actor, complaint=complaint, kind="proposal", purpose=f"proposal:{proposal.pk}", context=context
    )


def write_delay(*, actor: Actor, complaint: Complaint, promise: Promise, delay: Delay) -> None:
    """The letter that explains a delay, before the promised day or after it."""
    language = letter_language(complaint)
    context = {
        "promise": promise.what,
        "old_due": day_words(delay.old_due, language),
        "new_due": day_words(delay.new_due, language),
        "reason": delay.reason,
        "late": "" if delay.in_time else "yes",
    }
    write_to_customer(
        actor=actor, complaint=complaint, kind="delay_notice", purpose=f"delay:{delay.pk}", context=context
    )


_DECISIONS = {
    "upheld": {
        "en": "I have decided your complaint in your favour.",
        "de": "Ich habe Ihrer Beschwerde recht gegeben.",
    },
    "partly_upheld": {
        "en": "I have decided your complaint partly in your favour.",
        "de": "Ich habe Ihrer Beschwerde zum Teil recht gegeben.",
    },
    "resolved_informally": {
        "en": "What you told us about has been put right.",
        "de": "Was Sie uns gesagt haben, ist in Ordnung gebracht.",
    },
}
"""Outcomes that need no reasons to be told. A refusal does: a person writes it."""


def write_resolution(*, complaint: Complaint) -> bool:
    """Tell the customer how it ended, what was done and what is still to come; False when a person has to write.

    It is no final response in the sense of a regulator: that letter carries reasons and rights, and its own kind.
    """
    decision = _DECISIONS.get(complaint.outcome)
    if decision is None:
        return False
    language = letter_language(complaint)
    promises = list(Promise.objects.filter(complaint=complaint).order_by("due_latest", "pk"))
    number = Message.objects.filter(complaint=complaint, kind="resolved").count() + 1
    write_to_customer(
        actor=SYSTEM,
        complaint=complaint,
        kind="resolved",
        letter="resolution",
        purpose=f"resolved:{number}",
        author=complaint.owner,
        context={
            "decision": decision["de" if language.startswith("de") else "en"],
            "done": [one.what for one in promises if one.done_at is not None],
            "promises": [
                f"{one.what}, {written_days(one.due_earliest, one.due_latest, language)}"
                for one in promises
                if one.done_at is None and one.released_at is None
            ],
        },
    )
    return True
