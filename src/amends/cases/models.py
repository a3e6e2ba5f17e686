"""The complaint, who it is from, and everything said in it."""

from __future__ import annotations

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector, SearchVectorField
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Left
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Team, Unit, User
from amends.cases.access_models import AccessList, AccessListMember, HiddenFrom, ListedCase, ListKind
from amends.cases.lifecycle import OPEN_PHASES, Phase
from amends.core import clock

__all__ = [
    "AccessList", "AccessListMember", "Attachment", "Blob", "BounceKind", "BudgetEntry", "CaseLink", "Complaint", "Customer",
    "Direction", "HiddenFrom", "IntakeKey", "KnownAddress", "Label", "LinkKind", "ListKind", "ListedCase", "Message",
    "MessageState", "Outcome", "Point", "Product", "ReferenceCounter",
]  # fmt: skip


class Customer(models.Model):
    """Somebody who complains, or for whom somebody complains. An address may be shared: the name tells them apart."""

    name = models.CharField(max_length=300, blank=True)
    email = models.CharField(max_length=320, blank=True, help_text="normalised: trimmed, lower case")
    phone = models.CharField(max_length=80, blank=True)
    address = models.TextField(blank=True)
    account_number = models.CharField(max_length=100, blank=True)
    user_name = models.CharField(max_length=100, blank=True)
    language = models.CharField(max_length=10, blank=True)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("email", "name", condition=~Q(email=""), name="customer_email_name_once"),
        ]
        indexes = [GinIndex(fields=["name"], name="customer_name_parts", opclasses=["gin_trgm_ops"])]


class Product(models.Model):
    """Something the organisation sells."""

    key = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    line = models.CharField(max_length=200, blank=True)
    price = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    versions = models.JSONField(default=list, help_text="software versions with their dates: [{version, released}]")

    class Meta:
        ordering = ["name"]


class ReferenceCounter(models.Model):
    """The last number given in a year. A complaint takes its number as the last act of its transaction, so none is skipped."""

    year = models.PositiveSmallIntegerField(unique=True)
    last = models.PositiveIntegerField(default=0)


class Label(models.TextChoices):
    """Complaint, everyday concern, or neither."""

    COMPLAINT = "complaint", _("Complaint")
    CONCERN = "concern", _("Concern")
    OTHER = "other", _("Something else")


class Outcome(models.TextChoices):
    """How the organisation decided."""

    UPHELD = "upheld", _("Upheld")
    PARTLY_UPHELD = "partly_upheld", _("Partly upheld")
    NOT_UPHELD = "not_upheld", _("Not upheld")
    RESOLVED_INFORMALLY = "resolved_informally", _("Put right at once")


class Complaint(models.Model):
    """One complaint, from receipt to closing."""

    reference = models.CharField(max_length=20, unique=True, null=True)  # noqa: DJ001  # given last
    public_id = models.UUIDField(unique=True, editable=False)
    phase = models.CharField(max_length=20, choices=Phase.choices, default=Phase.REGISTERED)
    tier = models.PositiveSmallIntegerField(default=1)
    customer = models.ForeignKey(Customer, models.PROTECT, related_name="complaints")
    representative = models.ForeignKey(
        Customer,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="represented",
        help_text="who complains on the customer's behalf",
    )
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="complaints")
    team = models.ForeignKey(Team, models.PROTECT, null=True, blank=True, related_name="complaints")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="owned_complaints")
    product = models.ForeignKey(Product, models.PROTECT, null=True, blank=True, related_name="complaints")
    product_text = models.CharField(max_length=300, blank=True, help_text="the product in the words it came with")
    channel = models.CharField(max_length=20)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    attributes = models.JSONField(default=dict, help_text="device model, software version, order, campaign, own fields")
    desired_outcome = models.TextField(blank=True)

    language = models.CharField(max_length=10, blank=True)
    label = models.CharField(max_length=10, choices=Label.choices, default=Label.COMPLAINT)
    category = models.CharField(max_length=40, blank=True)
    severity = models.PositiveSmallIntegerField(default=2)
    sentiment = models.FloatField(null=True)
    probability = models.FloatField(null=True)
    safety = models.BooleanField(default=False)
    vulnerable = models.BooleanField(default=False)
    legal_or_media = models.BooleanField(default=False)
    assessed_at = models.DateTimeField(null=True)

    received_at = models.DateTimeField()
    registered_at = models.DateTimeField()
    acknowledged_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=20, choices=Outcome.choices, blank=True)
    outcome_reason = models.TextField(blank=True)
    next_due_at = models.DateTimeField(null=True, help_text="the earliest running clock; kept by the clocks domain")
    next_due_kind = models.CharField(max_length=40, blank=True)
    last_activity_at = models.DateTimeField()
    waiting_for_us_since = models.DateTimeField(
        null=True, help_text="since when the customer's last word is unanswered"
    )
    guarded = models.BooleanField(
        default=False, db_default=False, help_text="a list or a person concerned limits who may see it"
    )

    search = models.GeneratedField(
        expression=SearchVector(
            Left(F("subject"), 500),
            Left(F("text"), 20000),
            F("product_text"),
            config=Value("simple", output_field=models.TextField()),
        ),
        output_field=SearchVectorField(),
        db_persist=True,
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(phase__in=Phase.values), name="complaint_phase_known"),
            models.CheckConstraint(condition=Q(label__in=Label.values), name="complaint_label_known"),
            models.CheckConstraint(condition=Q(severity__gte=1, severity__lte=4), name="complaint_severity_1_to_4"),
            models.CheckConstraint(condition=Q(tier__gte=1, tier__lte=5), name="complaint_tier_range"),
            models.CheckConstraint(
                condition=~Q(phase__in=[Phase.RESOLVED, Phase.FOLLOWED_UP, Phase.CLOSED])
                | (Q(resolved_at__isnull=False) & ~Q(outcome="") & ~Q(outcome_reason="")),
                name="complaint_resolved_has_outcome_and_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="complaint_newest"),
            models.Index(
                F("next_due_at").asc(nulls_last=True),
                F("id"),
                name="complaint_open_due",
                condition=Q(phase__in=sorted(OPEN_PHASES)),
            ),
            models.Index(
                fields=["owner", "next_due_at", "id"],
                name="complaint_owner_open",
                condition=Q(phase__in=sorted(OPEN_PHASES)),
            ),
            models.Index(
                fields=["team", "next_due_at", "id"],
                name="complaint_team_open",
                condition=Q(phase__in=sorted(OPEN_PHASES)),
            ),
            models.Index(fields=["unit", "-received_at", "-id"], name="complaint_unit_newest"),
            models.Index(fields=["phase", "-received_at", "-id"], name="complaint_phase_newest"),
            GinIndex(fields=["search"], name="complaint_search"),
            models.Index(fields=["id"], name="complaint_guarded", condition=Q(guarded=True)),
        ]


class IntakeKey(models.Model):
    """What has been taken in already: the same key from the same source is the same complaint, however often it comes."""

    source = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    digest = models.CharField(max_length=64, help_text="SHA-256 of what came with the key")
    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="intake_keys")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("source", "key", name="intake_key_once")]


class Direction(models.TextChoices):
    """Who speaks to whom."""

    IN = "in", _("From the customer")
    OUT = "out", _("To the customer")
    INTERNAL = "internal", _("Internal")


class MessageState(models.TextChoices):
    """Where a message is on its way."""

    RECEIVED = "received", _("Received")
    NOTED = "noted", _("Noted")
    QUEUED = "queued", _("Queued")
    SENDING = "sending", _("Sending")
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Not delivered")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class BounceKind(models.TextChoices):
    """How a message came back."""

    HARD = "hard", _("for good")
    SOFT = "soft", _("for now")


class Message(models.Model):
    """Something said: by the customer, to the customer, or a note between colleagues.

    An outgoing message is written once with an idempotency `purpose` (for example `acknowledgement`): the database refuses
    a second one, whatever crashes and is tried again.
    """

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="messages")
    direction = models.CharField(max_length=10, choices=Direction.choices)
    kind = models.CharField(
        max_length=30, help_text="message, note, call, acknowledgement, proposal, survey, check_in, letter…"
    )
    channel = models.CharField(max_length=20)
    author = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="messages")
    from_name = models.CharField(max_length=300, blank=True)
    from_address = models.CharField(max_length=320, blank=True)
    to_address = models.CharField(max_length=320, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True, help_text="cleaned; never shown without the cleaning")
    language = models.CharField(max_length=10, blank=True)
    message_id = models.CharField(max_length=500, blank=True, help_text="RFC 5322 Message-ID without angle brackets")
    in_reply_to = models.CharField(max_length=500, blank=True)
    automatic = models.BooleanField(default=False, help_text="written by a template or job, not by a person")
    state = models.CharField(max_length=10, choices=MessageState.choices)
    state_reason = models.CharField(max_length=500, blank=True)
    purpose = models.CharField(max_length=80, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, help_text="an outgoing message waits until then")
    unless_customer_writes = models.BooleanField(
        default=False, db_default=False, help_text="called back by itself when the customer writes before it leaves"
    )
    held_at = models.DateTimeField(null=True, help_text="since when a send budget holds it back")
    waived = models.BooleanField(
        default=False, db_default=False, help_text="a person said that it must go: no budget holds it"
    )
    at = models.DateTimeField(help_text="received or written")
    sent_at = models.DateTimeField(null=True)
    delivered_at = models.DateTimeField(null=True, help_text="when the receiver's server said that it has it")
    bounce = models.CharField(max_length=4, choices=BounceKind.choices, blank=True, default="", db_default="")
    soft_bounces = models.PositiveSmallIntegerField(default=0, db_default=0)
    protection = models.CharField(
        max_length=20, blank=True, default="", db_default="", help_text="smime or pgp, and signed, encrypted or both"
    )
    source_mail = models.BigIntegerField(null=True, help_text="the id of the mail it came as, kept byte for byte")

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "purpose", condition=~Q(purpose=""), name="message_purpose_once"),
            models.CheckConstraint(condition=Q(direction__in=Direction.values), name="message_direction_known"),
            models.CheckConstraint(condition=Q(state__in=MessageState.values), name="message_state_known"),
            models.CheckConstraint(condition=~Q(state="sent") | Q(sent_at__isnull=False), name="message_sent_has_time"),
            models.CheckConstraint(condition=Q(held_at=None) | Q(state="queued"), name="message_held_waits"),
            models.CheckConstraint(condition=Q(bounce__in=["", *BounceKind.values]), name="message_bounce_known"),
            models.UniqueConstraint(
                "message_id", condition=Q(direction="out") & ~Q(message_id=""), name="message_out_message_id_once"
            ),
        ]
        indexes = [
            models.Index(fields=["complaint", "at", "id"], name="message_timeline"),
            models.Index(fields=["message_id"], name="message_by_message_id", condition=~Q(message_id="")),
            models.Index(
                fields=["not_before", "id"], name="message_outbox", condition=Q(state__in=["queued", "sending"])
            ),
            models.Index(
                fields=["complaint"],
                name="message_unless_written",
                condition=Q(state="queued", unless_customer_writes=True),
            ),
            models.Index(fields=["complaint", "to_address"], name="message_hard_bounce", condition=Q(bounce="hard")),
        ]


class BudgetEntry(models.Model):
    """One mail that was let out, of whatever kind: what the send budgets count. Kept for some days."""

    recipient = models.CharField(max_length=320, help_text="normalised")
    complaint = models.ForeignKey(Complaint, models.CASCADE, null=True, blank=True, related_name="+")
    message = models.OneToOneField(Message, models.CASCADE, null=True, blank=True, related_name="+")
    automatic = models.BooleanField()
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["recipient", "-at"], name="budget_recipient"),
            models.Index(fields=["complaint", "-at"], name="budget_complaint"),
            models.Index(fields=["at"], name="budget_age"),
        ]


class KnownAddress(models.Model):
    """Another address from which somebody may write in a case, because a colleague decided so."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="known_addresses")
    address = models.CharField(max_length=320, help_text="normalised")
    name = models.CharField(max_length=300, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [models.UniqueConstraint("complaint", "address", name="known_address_once")]


class LinkKind(models.TextChoices):
    """Why two cases belong together."""

    FOLLOWS = "follows", _("Goes on from")
    SAME_MAIL = "same_mail", _("Came with the same mail")


class CaseLink(models.Model):
    """Two cases that belong together: `complaint` goes on from `other`, or both came with one mail to two units."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="links_out")
    other = models.ForeignKey(Complaint, models.CASCADE, related_name="links_in")
    kind = models.CharField(max_length=10, choices=LinkKind.choices)
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        constraints = [
            models.UniqueConstraint("complaint", "other", "kind", name="case_link_once"),
            models.CheckConstraint(condition=~Q(complaint=models.F("other")), name="case_link_to_another"),
            models.CheckConstraint(condition=Q(kind__in=LinkKind.values), name="case_link_kind_known"),
        ]


class Blob(models.Model):
    """The bytes of a file, once, whoever sent it how often."""

    sha256 = models.CharField(max_length=64, unique=True)
    size = models.PositiveIntegerField()
    data = models.BinaryField()


class Attachment(models.Model):
    """A file that came or went with a message."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="attachments")
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="attachments")
    name = models.CharField(max_length=255)
    content_type = models.CharField(max_length=150, help_text="as sniffed from the bytes, not as claimed")
    content_id = models.CharField(max_length=255, blank=True)

    class Meta:
        indexes = [models.Index(fields=["message", "id"], name="attachment_message")]


class Point(models.Model):
    """One thing the complainant says went wrong."""

    complaint = models.ForeignKey(Complaint, models.CASCADE, related_name="points")
    position = models.PositiveSmallIntegerField()
    words = models.TextField(help_text="the customer's own words")
    aspect = models.CharField(max_length=40, blank=True)
    source = models.CharField(max_length=10, help_text="detected, agent or customer")
    confirmed_at = models.DateTimeField(null=True)
    confirmed_by = models.CharField(max_length=10, blank=True, help_text="customer or agent")
    removed_at = models.DateTimeField(null=True)
    answer = models.TextField(blank=True, help_text="what our answer says about it")
    created_at = models.DateTimeField(default=clock.now)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint("complaint", "position", name="point_position_once"),
            models.CheckConstraint(
                condition=Q(confirmed_at__isnull=True, confirmed_by="")
                | (Q(confirmed_at__isnull=False) & ~Q(confirmed_by="")),
                name="point_confirmed_by_somebody",
            ),
        ]
