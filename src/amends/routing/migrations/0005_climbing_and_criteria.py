
import amends.core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_quarantine_scope'),
        ('cases', '0006_guarded_cases'),
        ('routing', '0004_call_backs'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='FiredCriterion',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.CharField(max_length=40)),
                ('version', models.CharField(max_length=20)),
                ('action', models.CharField(max_length=10)),
                ('did', models.CharField(help_text='alerted, escalated, proposed, or why it could not be', max_length=20)),
                ('at', models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='PathStep',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('tier', models.PositiveSmallIntegerField()),
            ],
        ),
        migrations.AddField(
            model_name='handoff',
            name='asked',
            field=models.JSONField(db_default=models.Value([], models.JSONField()), default=list, help_text='teams asked before'),
        ),
        migrations.AddField(
            model_name='handoff',
            name='climbs',
            field=models.PositiveSmallIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='handoff',
            name='climbs_at',
            field=models.DateTimeField(help_text='when the next team is asked unless somebody accepts', null=True),
        ),
        migrations.AddIndex(
            model_name='handoff',
            index=models.Index(condition=models.Q(('state', 'offered')), fields=['climbs_at', 'id'], name='handoff_climbs'),
        ),
        migrations.AddField(
            model_name='firedcriterion',
            name='complaint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='criteria', to='cases.complaint'),
        ),
        migrations.AddField(
            model_name='pathstep',
            name='team',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.team'),
        ),
        migrations.AddField(
            model_name='pathstep',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='escalation_path', to='accounts.unit'),
        ),
        migrations.AddConstraint(
            model_name='firedcriterion',
            constraint=models.UniqueConstraint(models.F('complaint'), models.F('key'), name='criterion_fired_once'),
        ),
        migrations.AddConstraint(
            model_name='pathstep',
            constraint=models.UniqueConstraint(models.F('unit'), models.F('tier'), name='path_step_once'),
        ),
        migrations.AddConstraint(
            model_name='pathstep',
            constraint=models.CheckConstraint(condition=models.Q(('tier__gte', 2), ('tier__lte', 5)), name='path_step_tier_range'),
        ),
    ]
