
import amends.core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0006_guarded_cases'),
        ('routing', '0003_rules_and_people'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='CallBack',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.CharField(max_length=80)),
                ('why', models.CharField(choices=[('unhappy', 'An unhappy customer'), ('asked', 'Asked for by a colleague'), ('missed', 'A missed call')], max_length=10)),
                ('timezone', models.CharField(help_text="the customer's own", max_length=64)),
                ('earliest', models.TimeField(help_text="on the customer's clock", null=True)),
                ('latest', models.TimeField(null=True)),
                ('state', models.CharField(choices=[('open', 'To be rung'), ('reached', 'Reached'), ('refused', 'Does not want a call'), ('letter', 'Write a letter instead')], default='open', max_length=10)),
                ('due_at', models.DateTimeField(help_text='when the next attempt is due')),
                ('alarmed_at', models.DateTimeField(help_text='when the alarm for this due time was raised', null=True)),
                ('made_at', models.DateTimeField(default=amends.core.clock.now)),
                ('ended_at', models.DateTimeField(null=True)),
                ('complaint', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='call_backs', to='cases.complaint')),
                ('made_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='CallAttempt',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('outcome', models.CharField(choices=[('reached', 'Reached'), ('voicemail', 'Left a message'), ('no_answer', 'No answer'), ('wrong_number', 'Wrong number'), ('refused', 'Does not want a call')], max_length=12)),
                ('note', models.TextField(blank=True)),
                ('at', models.DateTimeField(default=amends.core.clock.now)),
                ('by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('call_back', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attempts', to='routing.callback')),
            ],
            options={
                'ordering': ['id'],
            },
        ),
        migrations.AddIndex(
            model_name='callback',
            index=models.Index(condition=models.Q(('state', 'open')), fields=['due_at', 'id'], name='call_back_due'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.UniqueConstraint(models.F('complaint'), condition=models.Q(('state', 'open')), name='call_back_one_open'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['open', 'reached', 'refused', 'letter'])), name='call_back_state_known'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(('why__in', ['unhappy', 'asked', 'missed'])), name='call_back_why_known'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('state', 'open')), models.Q(models.Q(('state', 'open'), _negated=True), ('ended_at__isnull', False)), _connector='OR'), name='call_back_ended_has_time'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(('number', ''), _negated=True), name='call_back_has_number'),
        ),
        migrations.AddConstraint(
            model_name='callback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('earliest', None), ('latest', None)), ('earliest__lt', models.F('latest')), _connector='OR'), name='call_back_hours_in_order'),
        ),
        migrations.AddConstraint(
            model_name='callattempt',
            constraint=models.CheckConstraint(condition=models.Q(('outcome__in', ['reached', 'voicemail', 'no_answer', 'wrong_number', 'refused'])), name='call_attempt_outcome_known'),
        ),
    ]
