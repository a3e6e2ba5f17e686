"""Answers of the investigation, proposals with their remedies and steps, approvals, limits, and promises."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import User
from amends.cases.public import Attachment, Complaint
from amends.core import clock
from amends.handling.rules import OPEN_STATES, RUNNING_STATES, PromiseState, ProposalState

TOKEN_ROLE = "token"  # noqa: S105  # the name of a row of limits, no secret
"""The row of limits that holds for programs; without one they can give nothing alone."""


class Answer(models.Model):
    """What is known about one question in one case; every earlier wording stays in `versions`."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="answers")
    question = models.CharField(max_length=40)
    playbook = models.CharField(max_length=60)
    playbook_version = models.CharField(max_length=20)
    text = models.TextField()
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200)
    at = models.DateTimeField()
    evidence: models.ManyToManyField[Attachment, models.Model] = models.ManyToManyField(Attachment, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "question", name="answer_once_per_question"),
            models.CheckConstraint(condition=~Q(text=""), name="answer_not_empty"),
        ]


class AnswerVersion(models.Model):
    """One wording of an answer, as it was saved."""

    answer = models.ForeignKey(Answer, models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    text = models.TextField()
    author_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint("answer", "number", name="answer_version_once")]


class AuthorityLimit(models.Model):
    """How much somebody with a role may give without asking, where it differs from data/authority.yaml.

    An empty currency stands for every currency without its own row.
    """

    role = models.CharField(max_length=20)
    currency = models.CharField(max_length=3, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True, help_text="empty: no limit")

    class Meta:
        constraints = [
            models.UniqueConstraint("role", "currency", name="limit_once_per_role_and_currency"),
            models.CheckConstraint(condition=Q(amount__isnull=True) | Q(amount__gte=0), name="limit_not_negative"),
            models.CheckConstraint(
                condition=Q(currency="") | Q(currency__regex=r"^[A-Z]{3}$"), name="limit_currency_iso"
            ),
        ]


class Proposal(models.Model):
    """What we offer to put the complaint right. A case has at most one that is not decided yet."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="proposals")
    number = models.PositiveSmallIntegerField(help_text="1 for the first proposal of the case")
    state = models.CharField(max_length=20, choices=ProposalState.choices, default=ProposalState.DRAFT)
    summary = models.TextField(help_text="what the customer reads first")
    conditions = models.TextField(blank=True, help_text="what must hold, said before the customer accepts")
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    author_key = models.CharField(max_length=40, help_text="who wrote it: user:3, token:2")
    author_name = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True)
    answered_at = models.DateTimeField(null=True)
    answered_by = models.CharField(
        max_length=10, blank=True, help_text="customer, or agent when a colleague recorded it"
    )
    answer_words = models.TextField(blank=True, help_text="the customer's words, or how they said it")
    chosen_option = models.PositiveSmallIntegerField(null=True)
    withdrawn_reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "number", name="proposal_number_once"),
            models.UniqueConstraint("complaint", condition=Q(state__in=list(OPEN_STATES)), name="one_open_proposal"),
            models.CheckConstraint(condition=Q(state__in=ProposalState.values), name="proposal_state_known"),
            models.CheckConstraint(condition=~Q(summary=""), name="proposal_has_summary"),
            models.CheckConstraint(
                condition=~Q(state__in=["sent", "accepted", "declined", "other_wanted"]) | Q(sent_at__isnull=False),
                name="proposal_sent_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["accepted", "declined", "other_wanted"])
                | (Q(answered_at__isnull=False) & Q(answered_by__in=["customer", "agent"])),
                name="proposal_answered_by_somebody",
            ),
            models.CheckConstraint(
                condition=~Q(state="withdrawn") | ~Q(withdrawn_reason=""), name="proposal_withdrawn_has_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "-number"], name="proposal_newest"),
            models.Index(fields=["-answered_at", "id"], name="proposal_accepted_newest", condition=Q(state="accepted")),
        ]


class Remedy(models.Model):
    """One thing that is given. `option` 0 is part of the proposal in any case; of 1, 2, … the customer chooses one."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="remedies")
    position = models.PositiveSmallIntegerField()
    option = models.PositiveSmallIntegerField(default=0)
    kind = models.CharField(max_length=40)
    amount = models.DecimalField(max_digits=12, decimal_places=2, null=True)
    currency = models.CharField(max_length=3, blank=True)
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["option", "position"]
        constraints = [
            models.UniqueConstraint("proposal", "position", name="remedy_position_once"),
            models.CheckConstraint(
                condition=Q(amount__isnull=True) | Q(amount__gte=0), name="remedy_amount_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(currency="") | (Q(currency__regex=r"^[A-Z]{3}$") & Q(amount__isnull=False)),
                name="remedy_currency_with_amount",
            ),
        ]


class Party(models.TextChoices):
    """Who has to act; only what we do is our promise."""

    US = "us", _("We")
    CUSTOMER = "customer", _("The customer")
    THIRD_PARTY = "third_party", _("Somebody else")


class Step(models.Model):
    """One numbered step of a proposal: what, who, and between which days."""

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    option = models.PositiveSmallIntegerField(default=0)
    what = models.CharField(max_length=500)
    who = models.CharField(max_length=200, blank=True)
    party = models.CharField(max_length=12, choices=Party.choices, default=Party.US)
    due_earliest = models.DateField(null=True)
    due_latest = models.DateField()
    done_at = models.DateTimeField(null=True)
    done_by = models.CharField(max_length=200, blank=True)
    done_note = models.CharField(
        max_length=500, blank=True, help_text="shown to the customer: shipment number, payment reference"
    )

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("proposal", "position", name="step_position_once"),
            models.CheckConstraint(condition=~Q(what=""), name="step_says_what"),
            models.CheckConstraint(condition=Q(party__in=Party.values), name="step_party_known"),
            models.CheckConstraint(
                condition=Q(due_earliest__isnull=True) | Q(due_earliest__lte=F("due_latest")),
                name="step_dates_in_order",
            ),
        ]


class Approval(models.Model):
    """Asking somebody with more authority.

    `*_key` say who, in one form for people and programs: never the same on both sides.
    """

    proposal = models.ForeignKey(Proposal, models.CASCADE, related_name="approvals")
    amounts = models.JSONField(help_text="{currency: amount as text}, as they were when it was asked")
    asked_key = models.CharField(max_length=40)
    asked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    asked_name = models.CharField(max_length=200)
    author_key = models.CharField(max_length=40)
    asked_at = models.DateTimeField()
    granted = models.BooleanField(null=True)
    decided_key = models.CharField(max_length=40, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint("proposal", condition=Q(decided_at=None), name="one_open_approval"),
            models.CheckConstraint(
                condition=Q(granted__isnull=True, decided_at__isnull=True, decided_key="")
                | (Q(decided_at__isnull=False) & ~Q(decided_key="")),
                name="approval_decided_whole",
            ),
            models.CheckConstraint(
                condition=~Q(decided_key=F("asked_key")) & ~Q(decided_key=F("author_key")),
                name="approval_by_somebody_else",
            ),
        ]


class PromiseSource(models.TextChoices):
    """Where a promise comes from."""

    STEP = "step", _("A step of a proposal")
    PERSON = "person", _("Given by a colleague")


class Promise(models.Model):
    """A dated commitment to the customer.

    `due_at` is the end of `due_latest` in `timezone`: from then on it is broken.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="promises")
    step = models.OneToOneField(Step, models.CASCADE, null=True, related_name="promise")
    source = models.CharField(max_length=10, choices=PromiseSource.choices)
    what = models.CharField(max_length=500)
    state = models.CharField(max_length=10, choices=PromiseState.choices, default=PromiseState.OPEN)
    first_due = models.DateField(help_text="the last day as it was first promised")
    due_earliest = models.DateField(null=True)
    due_latest = models.DateField()
    timezone = models.CharField(max_length=64)
    due_at = models.DateTimeField()
    remind_at = models.DateTimeField()
    reminded_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(default=clock.now)
    made_by = models.CharField(max_length=200)
    done_at = models.DateTimeField(null=True)
    done_note = models.CharField(max_length=500, blank=True)
    broken_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(state__in=PromiseState.values), name="promise_state_known"),
            models.CheckConstraint(condition=~Q(what=""), name="promise_says_what"),
            models.CheckConstraint(
                condition=Q(due_earliest__isnull=True) | Q(due_earliest__lte=F("due_latest")),
                name="promise_dates_in_order",
            ),
            models.CheckConstraint(condition=~Q(state="kept") | Q(done_at__isnull=False), name="promise_kept_is_done"),
            models.CheckConstraint(
                condition=~Q(state="broken") | Q(broken_at__isnull=False), name="promise_broken_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(state="open") | Q(done_at__isnull=True), name="promise_open_is_not_done"
            ),
            models.CheckConstraint(condition=Q(source__in=PromiseSource.values), name="promise_source_known"),
        ]
        indexes = [
            models.Index(fields=["complaint", "due_at"], name="promise_of_case"),
            models.Index(
                fields=["due_at", "id"],
                name="promise_running",
                condition=Q(done_at=None, state__in=list(RUNNING_STATES)),
            ),
            models.Index(
                fields=["remind_at", "id"],
                name="promise_to_remind",
                condition=Q(done_at=None, reminded_at=None, state__in=list(RUNNING_STATES)),
            ),
            models.Index(fields=["-made_at", "-id"], name="promise_newest"),
        ]

    @property
    def runs(self) -> bool:
        """Whether it is still to be kept."""
        return self.done_at is None and self.state in RUNNING_STATES


class Delay(models.Model):
    """One explanation of a delay: the old day, the new one, and the reason the customer was given."""

    promise = models.ForeignKey(Promise, models.CASCADE, related_name="delays")
    old_due = models.DateField()
    new_due = models.DateField()
    reason = models.TextField()
    in_time = models.BooleanField()
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=~Q(reason=""), name="delay_has_reason"),
            models.CheckConstraint(condition=Q(new_due__gt=F("old_due")), name="delay_is_later"),
        ]


class Try(models.Model):
    """Something that was tried to put it right, and whether it helped."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="tries")
    what = models.CharField(max_length=500)
    helped = models.BooleanField()
    by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    by_name = models.CharField(max_length=200)
    at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["id"]
        constraints = [models.CheckConstraint(condition=~Q(what=""), name="try_says_what")]
