"""The states of the outbox, send budgets, who may write in a case, and which cases belong together."""

from __future__ import annotations

import amends.core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0003_customer_name_parts"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BudgetEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("recipient", models.CharField(help_text="normalised", max_length=320)),
                ("automatic", models.BooleanField()),
                ("at", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="CaseLink",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("follows", "Goes on from"), ("same_mail", "Came with the same mail")], max_length=10
                    ),
                ),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name="KnownAddress",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("address", models.CharField(help_text="normalised", max_length=320)),
                ("name", models.CharField(blank=True, max_length=300)),
                ("created_at", models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name="message",
            name="bounce",
            field=models.CharField(
                blank=True, choices=[("hard", "for good"), ("soft", "for now")], db_default="", default="", max_length=4
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="delivered_at",
            field=models.DateTimeField(help_text="when the receiver's server said that it has it", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="held_at",
            field=models.DateTimeField(help_text="since when a send budget holds it back", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="protection",
            field=models.CharField(
                blank=True,
                db_default="",
                default="",
                help_text="smime or pgp, and signed, encrypted or both",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="soft_bounces",
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name="message",
            name="source_mail",
            field=models.BigIntegerField(help_text="the id of the mail it came as, kept byte for byte", null=True),
        ),
        migrations.AddField(
            model_name="message",
            name="unless_customer_writes",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="called back by itself when the customer writes before it leaves",
            ),
        ),
        migrations.AddField(
            model_name="message",
            name="waived",
            field=models.BooleanField(
                db_default=False, default=False, help_text="a person said that it must go: no budget holds it"
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("state", "queued"), ("unless_customer_writes", True)),
                fields=["complaint"],
                name="message_unless_written",
            ),
        ),
        migrations.AddIndex(
            model_name="message",
            index=models.Index(
                condition=models.Q(("bounce", "hard")), fields=["complaint", "to_address"], name="message_hard_bounce"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("held_at", None), ("state", "queued"), _connector="OR"), name="message_held_waits"
            ),
        ),
        migrations.AddConstraint(
            model_name="message",
            constraint=models.CheckConstraint(
                condition=models.Q(("bounce__in", ["", "hard", "soft"])), name="message_bounce_known"
            ),
        ),
        migrations.AddField(
            model_name="budgetentry",
            name="complaint",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="cases.complaint",
            ),
        ),
        migrations.AddField(
            model_name="budgetentry",
            name="message",
            field=models.OneToOneField(
                blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="cases.message"
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="complaint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links_out", to="cases.complaint"
            ),
        ),
        migrations.AddField(
            model_name="caselink",
            name="other",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="links_in", to="cases.complaint"
            ),
        ),
        migrations.AddField(
            model_name="knownaddress",
            name="added_by",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to=settings.AUTH_USER_MODEL,
            ),
        ),
        migrations.AddField(
            model_name="knownaddress",
            name="complaint",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.CASCADE, related_name="known_addresses", to="cases.complaint"
            ),
        ),
        migrations.AddIndex(
            model_name="budgetentry",
            index=models.Index(fields=["recipient", "-at"], name="budget_recipient"),
        ),
        migrations.AddIndex(
            model_name="budgetentry",
            index=models.Index(fields=["complaint", "-at"], name="budget_complaint"),
        ),
        migrations.AddIndex(
            model_name="budgetentry",
            index=models.Index(fields=["at"], name="budget_age"),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.UniqueConstraint(
                models.F("complaint"), models.F("other"), models.F("kind"), name="case_link_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.CheckConstraint(
                condition=models.Q(("complaint", models.F("other")), _negated=True), name="case_link_to_another"
            ),
        ),
        migrations.AddConstraint(
            model_name="caselink",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["follows", "same_mail"])), name="case_link_kind_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="knownaddress",
            constraint=models.UniqueConstraint(models.F("complaint"), models.F("address"), name="known_address_once"),
        ),
    ]
