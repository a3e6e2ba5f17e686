"""Sources of reviews, the reviews, their versions, and our public replies."""

from __future__ import annotations

import amends.core.clock
import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_quarantine_scope'),
        ('cases', '0001_initial'),
        ('intake', '0007_survey_and_phone'),
    ]

    operations = [
        migrations.CreateModel(
            name='ReviewSource',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('kind', models.CharField(help_text='key of the connector', max_length=30)),
                ('settings', models.JSONField(default=dict)),
                ('secrets', models.JSONField(default=dict, help_text='references (env:NAME, file:NAME), never the secrets themselves')),
                ('threshold', models.PositiveSmallIntegerField(default=3, help_text='this rating or a lower one is unhappy')),
                ('contact', models.CharField(blank=True, help_text='the way offered in public replies', max_length=300)),
                ('complaints_since', models.DateTimeField(help_text='what was published before is kept, but starts no complaint')),
                ('every_minutes', models.PositiveSmallIntegerField(default=15)),
                ('state', models.CharField(choices=[('active', 'Active'), ('paused', 'Paused')], default='active', max_length=10)),
                ('cursor', models.JSONField(default=dict)),
                ('next_fetch_at', models.DateTimeField(default=amends.core.clock.now)),
                ('last_fetch_at', models.DateTimeField(help_text='the last page that came', null=True)),
                ('full_since', models.DateTimeField(help_text='when the full sweep that is under way began', null=True)),
                ('last_full_at', models.DateTimeField(null=True)),
                ('failures', models.PositiveSmallIntegerField(default=0)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('last_error_kind', models.CharField(blank=True, max_length=20)),
                ('last_error_at', models.DateTimeField(null=True)),
                ('created_at', models.DateTimeField(default=amends.core.clock.now)),
                ('unit', models.ForeignKey(help_text='whose complaints these are', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='Mention',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('external_id', models.CharField(max_length=400)),
                ('author', models.CharField(blank=True, max_length=300)),
                ('handle', models.CharField(blank=True, max_length=300)),
                ('rating', models.PositiveSmallIntegerField(null=True)),
                ('title', models.CharField(blank=True, max_length=500)),
                ('text', models.TextField(blank=True)),
                ('language', models.CharField(blank=True, max_length=10)),
                ('url', models.CharField(blank=True, max_length=1000)),
                ('published_at', models.DateTimeField(null=True)),
                ('updated_at', models.DateTimeField(null=True)),
                ('first_seen_at', models.DateTimeField()),
                ('seen_at', models.DateTimeField()),
                ('gone_at', models.DateTimeField(help_text='since when it is not there any more', null=True)),
                ('raw', models.JSONField(default=dict)),
                ('digest', models.CharField(help_text='SHA-256 of rating, title and text', max_length=64)),
                ('understood_digest', models.CharField(blank=True, help_text='the digest of what was last looked into', max_length=64)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('unhappy', models.BooleanField(help_text='null: not looked into yet', null=True)),
                ('why', models.CharField(blank=True, help_text='rating or words', max_length=10)),
                ('answered_at', models.DateTimeField(help_text='when a reply of ours stood there', null=True)),
                ('reply_there', models.TextField(blank=True, help_text='our reply as it stands there')),
                ('complaint', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='cases.complaint')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mentions', to='intake.reviewsource')),
            ],
        ),
        migrations.CreateModel(
            name='MentionVersion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('rating', models.PositiveSmallIntegerField(null=True)),
                ('title', models.CharField(blank=True, max_length=500)),
                ('text', models.TextField(blank=True)),
                ('digest', models.CharField(max_length=64)),
                ('until', models.DateTimeField(help_text='when we saw that it had changed')),
                ('mention', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='versions', to='intake.mention')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(models.F('mention'), models.F('number'), name='mention_version_once')],
            },
        ),
        migrations.CreateModel(
            name='PublicReply',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField()),
                ('tried', models.BooleanField(default=False, help_text='an attempt was begun: look before posting again')),
                ('remote_id', models.CharField(blank=True, max_length=200)),
                ('mention', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='replies', to='intake.mention')),
                ('message', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='cases.message')),
            ],
            options={
                'ordering': ['number'],
                'constraints': [models.UniqueConstraint(models.F('mention'), models.F('number'), name='public_reply_once')],
            },
        ),
        migrations.AddIndex(
            model_name='reviewsource',
            index=models.Index(condition=models.Q(('state', 'active')), fields=['next_fetch_at'], name='review_source_due'),
        ),
        migrations.AddConstraint(
            model_name='reviewsource',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['active', 'paused'])), name='review_source_state_known'),
        ),
        migrations.AddConstraint(
            model_name='reviewsource',
            constraint=models.CheckConstraint(condition=models.Q(('threshold__lte', 5)), name='review_source_threshold_to_5'),
        ),
        migrations.AddConstraint(
            model_name='reviewsource',
            constraint=models.CheckConstraint(condition=models.Q(('every_minutes__gte', 1)), name='review_source_every_minute_at_most'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(models.OrderBy(django.db.models.functions.comparison.Coalesce('published_at', 'first_seen_at'), descending=True), models.OrderBy(models.F('id'), descending=True), name='mention_newest'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(models.OrderBy(django.db.models.functions.comparison.Coalesce('published_at', 'first_seen_at'), descending=True), models.OrderBy(models.F('id'), descending=True), condition=models.Q(('answered_at', None), ('gone_at', None), ('unhappy', True)), name='mention_to_answer'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('understood_digest', models.F('digest')), _negated=True), fields=['id'], name='mention_to_look_into'),
        ),
        migrations.AddIndex(
            model_name='mention',
            index=models.Index(condition=models.Q(('complaint__isnull', False)), fields=['complaint'], name='mention_complaint'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.UniqueConstraint(models.F('source'), models.F('external_id'), name='mention_once'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.CheckConstraint(condition=models.Q(('rating', None), models.Q(('rating__gte', 1), ('rating__lte', 5)), _connector='OR'), name='mention_rating_1_to_5'),
        ),
        migrations.AddConstraint(
            model_name='mention',
            constraint=models.CheckConstraint(condition=models.Q(('why__in', ['', 'rating', 'words'])), name='mention_why_known'),
        ),
    ]
