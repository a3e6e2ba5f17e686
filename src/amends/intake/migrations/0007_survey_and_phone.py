"""Surveys, telephone calls, inbound webhooks, and the numbers that callers are known by."""

from __future__ import annotations

import uuid

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import amends.core.clock

KNOWN_NUMBERS = r"""
INSERT INTO intake_callernumber (customer_id, tail)
SELECT id, right(regexp_replace(phone, '\D', '', 'g'), 9) FROM cases_customer
WHERE length(regexp_replace(phone, '\D', '', 'g')) >= 6
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0001_initial"),
        ("cases", "0001_initial"),
        ("intake", "0006_chat"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Survey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("name", models.CharField(max_length=200)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("nps", "Recommendation, 0 to 10 (NPS)"),
                            ("satisfaction", "Satisfaction, 1 to 5"),
                            ("effort", "Effort, 1 to 7"),
                        ],
                        max_length=20,
                    ),
                ),
                (
                    "question",
                    models.CharField(blank=True, help_text="own words; empty: the usual question", max_length=300),
                ),
                ("product", models.CharField(blank=True, max_length=300)),
                (
                    "unhappy_bound",
                    models.PositiveSmallIntegerField(help_text="instead of the number in kinds.toml", null=True),
                ),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=255),
                        default=list,
                        help_text="sites that may show it in a frame",
                        size=None,
                    ),
                ),
                ("closed_at", models.DateTimeField(null=True)),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SurveyRecipient",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ("email", models.CharField(help_text="normalised: trimmed, lower case", max_length=320)),
                ("name", models.CharField(blank=True, max_length=300)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("phone", models.CharField(blank=True, max_length=80)),
                (
                    "attributes",
                    models.JSONField(default=dict, help_text="order, product and the like, kept with the answer"),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("sending", "Sending"),
                            ("sent", "Sent"),
                            ("failed", "Failed"),
                            ("cancelled", "Not sent"),
                        ],
                        default="queued",
                        max_length=10,
                    ),
                ),
                ("state_reason", models.CharField(blank=True, max_length=300)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField()),
                ("sent_at", models.DateTimeField(null=True)),
                ("stopped_at", models.DateTimeField(help_text="asked not to be asked again", null=True)),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="recipients", to="intake.survey"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SurveyAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "source",
                    models.CharField(
                        choices=[
                            ("link", "Link"),
                            ("mail", "Mail"),
                            ("qr", "QR code"),
                            ("embedded", "On a website"),
                            ("webhook", "Another tool"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "once",
                    models.CharField(
                        help_text="the form's stamp, the recipient, or the other tool's id", max_length=200
                    ),
                ),
                ("visitor", models.CharField(blank=True, help_text="a keyed digest that changes daily", max_length=64)),
                ("score", models.PositiveSmallIntegerField()),
                ("words", models.TextField(blank=True)),
                ("name", models.CharField(blank=True, max_length=300)),
                ("email", models.CharField(blank=True, max_length=320)),
                ("phone", models.CharField(blank=True, max_length=80)),
                ("language", models.CharField(blank=True, max_length=10)),
                ("attributes", models.JSONField(default=dict)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("counted", "Counted"),
                            ("waiting", "Waits for the story"),
                            ("complaint", "Complaint"),
                        ],
                        max_length=10,
                    ),
                ),
                ("first_at", models.DateTimeField(help_text="the first click")),
                ("told_at", models.DateTimeField(help_text="when the words came", null=True)),
                (
                    "due_at",
                    models.DateTimeField(
                        help_text="when an unhappy answer becomes a complaint with what there is", null=True
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.complaint"
                    ),
                ),
                (
                    "survey",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="answers", to="intake.survey"
                    ),
                ),
                (
                    "recipient",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="answer",
                        to="intake.surveyrecipient",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Webhook",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.SlugField(max_length=60, unique=True)),
                ("channel", models.CharField(max_length=20)),
                (
                    "mapping",
                    models.CharField(
                        blank=True, help_text="the name of a mapping file; empty: mapping_text", max_length=80
                    ),
                ),
                ("mapping_text", models.TextField(blank=True)),
                ("paths", models.JSONField(default=dict, help_text="field → path, instead of the mapping's")),
                (
                    "secrets",
                    models.JSONField(
                        default=list, help_text="the newest first; the older ones hold until they are taken out"
                    ),
                ),
                ("fetch_host", models.CharField(blank=True, max_length=200)),
                ("fetch_token", models.TextField(blank=True)),
                ("active", models.BooleanField(default=True)),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="survey",
            name="webhook",
            field=models.OneToOneField(
                null=True, on_delete=django.db.models.deletion.PROTECT, related_name="survey", to="intake.webhook"
            ),
        ),
        migrations.CreateModel(
            name="PhoneCall",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("call_key", models.CharField(help_text="the telephone system's id of the call", max_length=200)),
                (
                    "direction",
                    models.CharField(choices=[("in", "Incoming"), ("out", "Outgoing")], default="in", max_length=3),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("ringing", "Ringing"),
                            ("answered", "In conversation"),
                            ("ended", "Ended"),
                            ("missed", "Missed"),
                        ],
                        max_length=10,
                    ),
                ),
                ("number", models.CharField(blank=True, help_text="normalised; empty when withheld", max_length=40)),
                ("tail", models.CharField(blank=True, max_length=9)),
                ("our_number", models.CharField(blank=True, max_length=40)),
                ("extension", models.CharField(blank=True, max_length=40)),
                ("ringing_at", models.DateTimeField(null=True)),
                ("answered_at", models.DateTimeField(null=True)),
                ("ended_at", models.DateTimeField(null=True)),
                ("recording_url", models.URLField(blank=True, max_length=1000)),
                ("called_back_at", models.DateTimeField(null=True)),
                ("first_at", models.DateTimeField()),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "agent",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "called_back_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="cases.complaint"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="accounts.unit"
                    ),
                ),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="intake.webhook"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="WebhookDelivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("replay_key", models.CharField(help_text="SHA-256 of what was signed, or of its id", max_length=64)),
                ("content_type", models.CharField(blank=True, max_length=150)),
                ("body", models.BinaryField()),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("received", "Received"),
                            ("done", "Done"),
                            ("ignored", "Not meant for us"),
                            ("failed", "Failed"),
                            ("discarded", "Discarded"),
                        ],
                        default="received",
                        max_length=10,
                    ),
                ),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("result", models.CharField(blank=True, help_text="what it became: answer:12, call:7", max_length=80)),
                ("attempts", models.PositiveSmallIntegerField(default=0)),
                ("received_at", models.DateTimeField()),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "webhook",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="deliveries", to="intake.webhook"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CallerNumber",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("tail", models.CharField(max_length=9)),
                (
                    "customer",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.customer"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["tail"], name="intake_caller_by_number")],
                "constraints": [
                    models.UniqueConstraint(models.F("customer"), models.F("tail"), name="intake_caller_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(("tail", ""), _negated=True), name="intake_caller_number_there"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="CallNote",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("once", models.CharField(help_text="the form's own key", max_length=64, unique=True)),
                ("points", models.JSONField(default=list)),
                ("confirmed", models.BooleanField(default=False, help_text="the points were read back and confirmed")),
                ("wish", models.TextField(blank=True)),
                (
                    "call_back",
                    models.CharField(blank=True, help_text="the best time, in the caller's words", max_length=200),
                ),
                ("steps", models.JSONField(default=list)),
                ("at", models.DateTimeField()),
                (
                    "author",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.complaint"
                    ),
                ),
                (
                    "message",
                    models.ForeignKey(
                        help_text="what the customer said",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.message",
                    ),
                ),
                (
                    "summary",
                    models.ForeignKey(
                        help_text="what we wrote to them",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="cases.message",
                    ),
                ),
                (
                    "call",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="notes",
                        to="intake.phonecall",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["complaint", "at"], name="intake_call_note_of_case")],
            },
        ),
        migrations.AddIndex(
            model_name="surveyrecipient",
            index=models.Index(
                condition=models.Q(("state__in", ["queued", "sending"])),
                fields=["not_before", "id"],
                name="intake_survey_outbox",
            ),
        ),
        migrations.AddIndex(
            model_name="surveyrecipient",
            index=models.Index(fields=["email"], name="intake_survey_by_address"),
        ),
        migrations.AddConstraint(
            model_name="surveyrecipient",
            constraint=models.UniqueConstraint(
                models.F("survey"), models.F("email"), name="intake_survey_recipient_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyrecipient",
            constraint=models.CheckConstraint(
                condition=models.Q(("email", ""), _negated=True), name="intake_survey_recipient_has_address"
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyrecipient",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["queued", "sending", "sent", "failed", "cancelled"])),
                name="intake_survey_mail_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyrecipient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "sent"), _negated=True), ("sent_at__isnull", False), _connector="OR"
                ),
                name="intake_survey_mail_sent_has_time",
            ),
        ),
        migrations.AddIndex(
            model_name="surveyanswer",
            index=models.Index(
                condition=models.Q(("state", "waiting")), fields=["due_at", "id"], name="intake_survey_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="surveyanswer",
            index=models.Index(fields=["survey", "-first_at", "-id"], name="intake_survey_newest"),
        ),
        migrations.AddIndex(
            model_name="surveyanswer",
            index=models.Index(
                condition=models.Q(("visitor", ""), _negated=True),
                fields=["visitor", "first_at"],
                name="intake_survey_visitor",
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyanswer",
            constraint=models.UniqueConstraint(models.F("survey"), models.F("once"), name="intake_survey_answer_once"),
        ),
        migrations.AddConstraint(
            model_name="surveyanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(("source__in", ["link", "mail", "qr", "embedded", "webhook"])),
                name="intake_survey_source_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="surveyanswer",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("complaint__isnull", True), ("state", "counted")),
                    models.Q(("complaint__isnull", True), ("due_at__isnull", False), ("state", "waiting")),
                    models.Q(("complaint__isnull", False), ("state", "complaint")),
                    _connector="OR",
                ),
                name="intake_survey_answer_state_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhook",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("mapping", ""), _negated=True),
                    models.Q(("mapping_text", ""), _negated=True),
                    _connector="OR",
                ),
                name="webhook_has_a_mapping",
            ),
        ),
        migrations.AddConstraint(
            model_name="survey",
            constraint=models.UniqueConstraint(models.F("unit"), models.F("name"), name="intake_survey_name_once"),
        ),
        migrations.AddConstraint(
            model_name="survey",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["nps", "satisfaction", "effort"])), name="intake_survey_kind_known"
            ),
        ),
        migrations.AddIndex(
            model_name="phonecall",
            index=models.Index(fields=["unit", "-first_at", "-id"], name="intake_call_newest"),
        ),
        migrations.AddIndex(
            model_name="phonecall",
            index=models.Index(
                condition=models.Q(("tail", ""), _negated=True),
                fields=["tail", "-first_at"],
                name="intake_call_by_number",
            ),
        ),
        migrations.AddIndex(
            model_name="phonecall",
            index=models.Index(
                condition=models.Q(("called_back_at", None), ("state", "missed")),
                fields=["unit", "first_at"],
                name="intake_call_back",
            ),
        ),
        migrations.AddIndex(
            model_name="phonecall",
            index=models.Index(
                condition=models.Q(("state__in", ["ringing", "answered"])),
                fields=["unit", "first_at"],
                name="intake_call_live",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonecall",
            constraint=models.UniqueConstraint(models.F("webhook"), models.F("call_key"), name="intake_call_once"),
        ),
        migrations.AddConstraint(
            model_name="phonecall",
            constraint=models.CheckConstraint(
                condition=models.Q(("direction__in", ["in", "out"])), name="intake_call_direction_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="phonecall",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("answered_at__isnull", True), ("ended_at__isnull", True), ("state", "ringing")),
                    models.Q(("answered_at__isnull", False), ("ended_at__isnull", True), ("state", "answered")),
                    models.Q(("ended_at__isnull", False), ("state", "ended")),
                    models.Q(
                        ("answered_at__isnull", True),
                        ("direction", "in"),
                        ("ended_at__isnull", False),
                        ("state", "missed"),
                    ),
                    _connector="OR",
                ),
                name="intake_call_state_of_its_times",
            ),
        ),
        migrations.AddConstraint(
            model_name="phonecall",
            constraint=models.CheckConstraint(
                condition=models.Q(("recording_url", ""), ("recording_url__startswith", "https://"), _connector="OR"),
                name="intake_call_recording_https",
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(
                condition=models.Q(("state", "received")), fields=["received_at", "id"], name="webhook_delivery_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="webhookdelivery",
            index=models.Index(condition=models.Q(("state", "failed")), fields=["-id"], name="webhook_delivery_failed"),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.UniqueConstraint(
                models.F("webhook"), models.F("replay_key"), name="webhook_delivery_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "done", "ignored", "failed", "discarded"])),
                name="webhook_delivery_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="webhookdelivery",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "failed"), _negated=True),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="webhook_delivery_failed_why",
            ),
        ),
        migrations.RunSQL(KNOWN_NUMBERS, migrations.RunSQL.noop),
    ]
