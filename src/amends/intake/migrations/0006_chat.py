import uuid

import amends.core.clock
import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("intake", "0005_filing"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]

    operations = [
        migrations.CreateModel(
            name="Brand",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "accent",
                    models.CharField(
                        blank=True, help_text="#rrggbb on light ground; checked for contrast", max_length=7
                    ),
                ),
                (
                    "accent_dark",
                    models.CharField(
                        blank=True, help_text="#rrggbb on dark ground; checked for contrast", max_length=7
                    ),
                ),
                ("texts", models.JSONField(default=dict, help_text="{language: {title, intro}}")),
                (
                    "origins",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=260),
                        default=list,
                        help_text="web sites that may embed it",
                        size=None,
                    ),
                ),
                ("chat", models.BooleanField(default=True, help_text="the widget offers the chat")),
                ("logo", models.BinaryField(null=True)),
                ("logo_type", models.CharField(blank=True, max_length=20)),
                ("changed_at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "unit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="accounts.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("logo__isnull", True), ("logo_type", "")),
                            models.Q(("logo__isnull", False), models.Q(("logo_type", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="brand_logo_has_a_type",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="Chat",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("public_id", models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                (
                    "place",
                    models.CharField(choices=[("portal", "Customer's page"), ("widget", "Web site")], max_length=10),
                ),
                ("opened_at", models.DateTimeField(default=amends.core.clock.now)),
                ("ended_at", models.DateTimeField(null=True)),
                (
                    "customer_at",
                    models.DateTimeField(help_text="the last sign of life of the customer's page", null=True),
                ),
                (
                    "customer_left_at",
                    models.DateTimeField(help_text="when the page was closed; null while it is open", null=True),
                ),
                (
                    "customer_seen",
                    models.BigIntegerField(default=0, help_text="the last message that the customer's page has shown"),
                ),
                ("customer_typing_at", models.DateTimeField(null=True)),
                (
                    "agent_at",
                    models.DateTimeField(
                        help_text="the last sign of life of a colleague with this chat open", null=True
                    ),
                ),
                ("agent_typing_at", models.DateTimeField(null=True)),
                (
                    "agent",
                    models.ForeignKey(
                        help_text="who answered last",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "complaint",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.complaint"
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("ended_at", None)), fields=["-opened_at", "-id"], name="chat_open")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("place__in", ["portal", "widget"])), name="chat_place_known"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("customer_seen__gte", 0)), name="chat_seen_not_negative"
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ChatDuty",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["at"], name="chat_duty_at")],
            },
        ),
        migrations.CreateModel(
            name="HeldFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=255)),
                ("content_type", models.CharField(max_length=150)),
                ("sha256", models.CharField(max_length=64)),
                ("data", models.BinaryField(null=True)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("held", "Waits for the virus scanner"),
                            ("released", "Checked and in the case"),
                            ("refused", "Refused by the virus scanner"),
                        ],
                        default="held",
                        max_length=10,
                    ),
                ),
                ("at", models.DateTimeField(default=amends.core.clock.now)),
                (
                    "message",
                    models.ForeignKey(
                        help_text="the words it came with",
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="cases.message",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(condition=models.Q(("state", "held")), fields=["id"], name="held_file_waiting")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("data__isnull", False), ("state", "held")),
                            models.Q(("data__isnull", True), ("state__in", ["released", "refused"])),
                            _connector="OR",
                        ),
                        name="held_file_has_bytes_while_held",
                    ),
                    models.UniqueConstraint(
                        models.F("message"), models.F("sha256"), models.F("name"), name="held_file_once"
                    ),
                ],
            },
        ),
    ]
