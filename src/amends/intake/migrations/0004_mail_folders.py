"""Mailboxes that are read, what was read of them, and a count of all mail that is kept apart from the mail."""

from __future__ import annotations

import amends.core.clock
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_quarantine_scope"), ("intake", "0003_form_use")]

    operations = [
        migrations.AddField(
            model_name='rawmail',
            name='unit',
            field=models.ForeignKey(blank=True, help_text='whom it is for, as far as it is known', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit'),
        ),
        migrations.AlterField(
            model_name='rawmail',
            name='source',
            field=models.CharField(help_text='how it came: smtp, lmtp, imap or http:provider', max_length=40),
        ),
        migrations.CreateModel(
            name='Mailbox',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=120, unique=True)),
                ('address', models.CharField(blank=True, help_text='the address whose mail arrives here', max_length=320)),
                ('host', models.CharField(max_length=253)),
                ('port', models.PositiveIntegerField(default=993)),
                ('tls', models.CharField(choices=[('implicit', 'TLS from the first byte'), ('starttls', 'STARTTLS'), ('none', 'None (only on this machine)')], default='implicit', max_length=10)),
                ('user', models.CharField(max_length=320)),
                ('folder', models.CharField(default='INBOX', max_length=500)),
                ('auth', models.CharField(choices=[('password', 'Password'), ('oauth2', 'OAuth 2 (Microsoft 365, Google)')], default='password', max_length=10)),
                ('secret', models.CharField(blank=True, help_text='where the password or the refresh token is', max_length=200)),
                ('token_url', models.CharField(blank=True, max_length=500)),
                ('client_id', models.CharField(blank=True, max_length=300)),
                ('client_secret', models.CharField(blank=True, help_text="where the client's secret is", max_length=200)),
                ('scope', models.CharField(blank=True, max_length=500)),
                ('grant', models.CharField(blank=True, choices=[('refresh_token', 'Refresh token'), ('client_credentials', 'Client credentials')], max_length=20)),
                ('skip_existing', models.BooleanField(default=False, help_text='leave what was there before the first contact')),
                ('active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField(default=amends.core.clock.now)),
                ('changed_at', models.DateTimeField(default=amends.core.clock.now)),
                ('epoch', models.PositiveIntegerField(default=0)),
                ('uid_validity', models.BigIntegerField(blank=True, null=True)),
                ('last_uid', models.BigIntegerField(default=0)),
                ('first_contact_at', models.DateTimeField(blank=True, null=True)),
                ('last_contact_at', models.DateTimeField(blank=True, null=True)),
                ('last_error', models.CharField(blank=True, max_length=500)),
                ('failing_since', models.DateTimeField(blank=True, null=True)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.unit')),
            ],
        ),
        migrations.AddField(
            model_name='rawmail',
            name='mailbox',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.mailbox'),
        ),
        migrations.CreateModel(
            name='MailTally',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField()),
                ('source', models.CharField(max_length=40)),
                ('part', models.PositiveSmallIntegerField()),
                ('accepted', models.BigIntegerField(default=0)),
            ],
            options={
                'constraints': [models.UniqueConstraint(models.F('day'), models.F('source'), models.F('part'), name='mail_tally_once')],
            },
        ),
        migrations.CreateModel(
            name='PulledMail',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('epoch', models.PositiveIntegerField()),
                ('uid', models.BigIntegerField()),
                ('state', models.CharField(choices=[('kept', 'Kept'), ('failing', 'Is tried again'), ('failed', 'Could not be fetched'), ('gone', 'Was removed before it could be read'), ('skipped', 'Was there before the first contact')], max_length=10)),
                ('sha256', models.CharField(blank=True, max_length=64)),
                ('renewed', models.BooleanField(default=False)),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('next_try_at', models.DateTimeField(blank=True, null=True)),
                ('problem', models.CharField(blank=True, max_length=300)),
                ('seen_at', models.DateTimeField(default=amends.core.clock.now)),
                ('mailbox', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake.mailbox')),
                ('raw_mail', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='intake.rawmail')),
            ],
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('port__gte', 1), ('port__lte', 65535)), name='mailbox_port_range'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('last_uid__gte', 0)), name='mailbox_cursor_not_negative'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('tls__in', ['implicit', 'starttls', 'none'])), name='mailbox_tls_known'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('auth__in', ['password', 'oauth2'])), name='mailbox_auth_known'),
        ),
        migrations.AddConstraint(
            model_name='mailbox',
            constraint=models.CheckConstraint(condition=models.Q(('grant__in', ['', 'refresh_token', 'client_credentials'])), name='mailbox_grant_known'),
        ),
        migrations.AddIndex(
            model_name='pulledmail',
            index=models.Index(condition=models.Q(('renewed', False)), fields=['mailbox', 'sha256'], name='pulled_mail_same'),
        ),
        migrations.AddIndex(
            model_name='pulledmail',
            index=models.Index(condition=models.Q(('state', 'failing')), fields=['mailbox', 'next_try_at'], name='pulled_mail_again'),
        ),
        migrations.AddIndex(
            model_name='pulledmail',
            index=models.Index(condition=models.Q(('raw_mail__isnull', False)), fields=['raw_mail'], name='pulled_mail_raw'),
        ),
        migrations.AddConstraint(
            model_name='pulledmail',
            constraint=models.UniqueConstraint(models.F('mailbox'), models.F('epoch'), models.F('uid'), name='pulled_mail_once'),
        ),
        migrations.AddConstraint(
            model_name='pulledmail',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['kept', 'failing', 'failed', 'gone', 'skipped'])), name='pulled_mail_state_known'),
        ),
        # What came before was not counted apart: the count begins with what is there.
        migrations.RunSQL(
            """
            INSERT INTO intake_mailtally (day, source, part, accepted)
            SELECT (received_at AT TIME ZONE 'UTC')::date, source, 0, count(*) FROM intake_rawmail GROUP BY 1, 2
            """,
            reverse_sql=migrations.RunSQL.noop,
        ),
    ]
