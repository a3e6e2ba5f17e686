"""Every mail as it came: kept whole before anything is understood, so that no mistake of ours loses one."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from amends.accounts.public import Unit
from amends.cases.public import Complaint, Message
from amends.core import clock


class MailState(models.TextChoices):
    """Where a mail stands: every received one ends as stored or quarantined."""

    RECEIVED = "received", _("Received")
    STORED = "stored", _("Stored")
    QUARANTINED = "quarantined", _("In quarantine")


class MailOutcome(models.TextChoices):
    """What a stored mail became."""

    COMPLAINT = "complaint", _("New complaint")
    REPLY = "reply", _("Reply in a case")
    BOUNCE = "bounce", _("Not delivered")
    DELIVERY_NOTICE = "delivery_notice", _("Delivery notice")
    AUTO_REPLY = "auto_reply", _("Automatic reply")
    DUPLICATE = "duplicate", _("Came twice")
    DISCARDED = "discarded", _("Discarded by a person")


class MailboxTLS(models.TextChoices):
    """How the connection to a mailbox is protected."""

    IMPLICIT = "implicit", _("TLS from the first byte")
    STARTTLS = "starttls", _("STARTTLS")
    NONE = "none", _("None (only on this machine)")


class MailboxAuth(models.TextChoices):
    """How we say who we are."""

    PASSWORD = "password", _("Password")  # the name of a way, not a password
    OAUTH2 = "oauth2", _("OAuth 2 (Microsoft 365, Google)")


class OAuthGrant(models.TextChoices):
    """How an access token is got."""

    REFRESH_TOKEN = "refresh_token", _("Refresh token")  # the protocol's word
    CLIENT_CREDENTIALS = "client_credentials", _("Client credentials")


class Mailbox(models.Model):
    """A folder on an IMAP server that we read, and how far we have read it.

    Secrets are never here: `secret` and `client_secret` say where they are (`env:NAME` or `file:name`).
    `epoch` counts the numberings of the folder: a new UIDVALIDITY, server, user or folder begins a new one.
    """

    name = models.CharField(max_length=120, unique=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    address = models.CharField(max_length=320, blank=True, help_text="the address whose mail arrives here")
    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField(default=993)
    tls = models.CharField(max_length=10, choices=MailboxTLS.choices, default=MailboxTLS.IMPLICIT)
    user = models.CharField(max_length=320)
    folder = models.CharField(max_length=500, default="INBOX")
    auth = models.CharField(max_length=10, choices=MailboxAuth.choices, default=MailboxAuth.PASSWORD)
    secret = models.CharField(max_length=200, help_text="where the password or the refresh token is", blank=True)
    token_url = models.CharField(max_length=500, blank=True)
    client_id = models.CharField(max_length=300, blank=True)
    client_secret = models.CharField(max_length=200, blank=True, help_text="where the client's secret is")
    scope = models.CharField(max_length=500, blank=True)
    grant = models.CharField(max_length=20, choices=OAuthGrant.choices, blank=True)
    skip_existing = models.BooleanField(default=False, help_text="leave what was there before the first contact")
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=clock.now)
    changed_at = models.DateTimeField(default=clock.now)

    epoch = models.PositiveIntegerField(default=0)
    uid_validity = models.BigIntegerField(null=True, blank=True)
    last_uid = models.BigIntegerField(default=0)
    first_contact_at = models.DateTimeField(null=True, blank=True)
    last_contact_at = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    failing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="mailbox_port_range"),
            models.CheckConstraint(condition=Q(last_uid__gte=0), name="mailbox_cursor_not_negative"),
            models.CheckConstraint(condition=Q(tls__in=MailboxTLS.values), name="mailbox_tls_known"),
            models.CheckConstraint(condition=Q(auth__in=MailboxAuth.values), name="mailbox_auth_known"),
            models.CheckConstraint(condition=Q(grant__in=["", *OAuthGrant.values]), name="mailbox_grant_known"),
        ]


class RawMail(models.Model):
    """One mail, byte for byte, with its envelope and what became of it."""

    source = models.CharField(max_length=40, help_text="how it came: smtp, lmtp, imap or http:provider")
    mailbox = models.ForeignKey(Mailbox, models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(
        Unit, models.PROTECT, null=True, blank=True, related_name="+", help_text="whom it is for, as far as it is known"
    )
    received_at = models.DateTimeField(default=clock.now)
    envelope_from = models.CharField(max_length=320, blank=True)
    envelope_to = models.JSONField(default=list)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    data = models.BinaryField()

    state = models.CharField(max_length=12, choices=MailState.choices, default=MailState.RECEIVED)
    outcome = models.CharField(max_length=20, choices=MailOutcome.choices, blank=True)
    reason = models.CharField(max_length=500, blank=True, help_text="why it is in quarantine")
    attempts = models.PositiveSmallIntegerField(default=0)
    handled_at = models.DateTimeField(null=True)
    sender = models.CharField(max_length=320, blank=True, help_text="normalised")
    subject = models.CharField(max_length=500, blank=True)
    message_id = models.CharField(max_length=500, blank=True, help_text="without angle brackets")
    fingerprint = models.CharField(max_length=64, blank=True, help_text="the same for every copy of one mail")
    strayed = models.BooleanField(default=False, help_text="answers a case, but not from its customer's address")
    complaint = models.ForeignKey(Complaint, models.PROTECT, null=True, blank=True, related_name="+")
    case_message = models.ForeignKey(Message, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        app_label = "intake"
        constraints = [
            models.CheckConstraint(condition=Q(state__in=MailState.values), name="raw_mail_state_known"),
            models.CheckConstraint(condition=Q(outcome__in=["", *MailOutcome.values]), name="raw_mail_outcome_known"),
            models.CheckConstraint(
                condition=(Q(state="stored") & ~Q(outcome="")) | (~Q(state="stored") & Q(outcome="")),
                name="raw_mail_outcome_when_stored",
            ),
            models.CheckConstraint(
                condition=~Q(state="quarantined") | ~Q(reason=""), name="raw_mail_quarantine_reason"
            ),
        ]
        indexes = [
            models.Index(fields=["id"], name="raw_mail_waiting", condition=Q(state="received")),
            models.Index(fields=["-received_at", "-id"], name="raw_mail_quarantine", condition=Q(state="quarantined")),
            models.Index(fields=["fingerprint"], name="raw_mail_fingerprint", condition=~Q(fingerprint="")),
            models.Index(fields=["sender", "-received_at"], name="raw_mail_strayed", condition=Q(strayed=True)),
            models.Index(fields=["complaint"], name="raw_mail_complaint", condition=Q(complaint__isnull=False)),
            models.Index(fields=["state", "outcome"], name="raw_mail_counters"),
        ]


class PulledState(models.TextChoices):
    """What became of one message of a mailbox."""

    KEPT = "kept", _("Kept")
    FAILING = "failing", _("Is tried again")
    FAILED = "failed", _("Could not be fetched")
    GONE = "gone", _("Was removed before it could be read")
    SKIPPED = "skipped", _("Was there before the first contact")


class PulledMail(models.Model):
    """One message of a mailbox, by its number: with these rows, not with flags or dates, we know what we have.

    `sha256` finds the same message under a new number when the folder is numbered anew; `renewed` says that it has one.
    """

    mailbox = models.ForeignKey(Mailbox, models.PROTECT, related_name="+")
    epoch = models.PositiveIntegerField()
    uid = models.BigIntegerField()
    state = models.CharField(max_length=10, choices=PulledState.choices)
    raw_mail = models.ForeignKey(RawMail, models.SET_NULL, null=True, blank=True, related_name="+")
    sha256 = models.CharField(max_length=64, blank=True)
    renewed = models.BooleanField(default=False)
    attempts = models.PositiveSmallIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    problem = models.CharField(max_length=300, blank=True)
    seen_at = models.DateTimeField(default=clock.now)

    class Meta:
        app_label = "intake"
        constraints = [
            models.UniqueConstraint("mailbox", "epoch", "uid", name="pulled_mail_once"),
            models.CheckConstraint(condition=Q(state__in=PulledState.values), name="pulled_mail_state_known"),
        ]
        indexes = [
            models.Index(fields=["mailbox", "sha256"], name="pulled_mail_same", condition=Q(renewed=False)),
            models.Index(fields=["mailbox", "next_try_at"], name="pulled_mail_again", condition=Q(state="failing")),
            models.Index(fields=["raw_mail"], name="pulled_mail_raw", condition=Q(raw_mail__isnull=False)),
        ]


class MailTally(models.Model):
    """How many mails were taken in a day by one way: counted apart from the mails, so that a missing one is noticed.

    Several rows a day (`part`) keep those who count from waiting for each other.
    """

    day = models.DateField()
    source = models.CharField(max_length=40)
    part = models.PositiveSmallIntegerField()
    accepted = models.BigIntegerField(default=0)

    class Meta:
        app_label = "intake"
        constraints = [models.UniqueConstraint("day", "source", "part", name="mail_tally_once")]
