"""Files to import, runs that can be paused, refused rows, saved mappings."""

import amends.core.clock
import django.db.models.deletion
import django.db.models.expressions
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0001_initial'),
        ('intake', '0008_reviews'),
    ]

    operations = [
        migrations.CreateModel(
            name='ImportPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField()),
                ('data', models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name='ImportProblem',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('line', models.PositiveIntegerField()),
                ('field', models.CharField(blank=True, max_length=100)),
                ('reason', models.CharField(max_length=500)),
                ('content', models.CharField(blank=True, max_length=2000)),
                ('at', models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='SavedImportMapping',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=60)),
                ('version', models.PositiveIntegerField()),
                ('values', models.JSONField()),
                ('saved_at', models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name='importrun',
            name='moved_at',
            field=models.DateTimeField(help_text='the last batch', null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='reason',
            field=models.CharField(blank=True, db_default='', default='', max_length=500),
        ),
        migrations.AddField(
            model_name='importrun',
            name='resumed_at',
            field=models.DateTimeField(help_text='when this stretch began, for its speed', null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='resumed_rows',
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
        migrations.AddField(
            model_name='importrun',
            name='started_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='importrun',
            name='state',
            field=models.CharField(choices=[('running', 'Running'), ('paused', 'Paused'), ('cancelled', 'Stopped for good'), ('failed', 'Stopped by an error'), ('finished', 'Finished')], db_default='running', default='running', max_length=10),
        ),
        migrations.AddField(
            model_name='importrun',
            name='total',
            field=models.PositiveIntegerField(help_text='the rows of the file, when a dry run has counted them', null=True),
        ),
        migrations.AddField(
            model_name='importrun',
            name='values',
            field=models.JSONField(help_text='the mapping as it was when the run began', null=True),
        ),
        migrations.CreateModel(
            name='ImportFile',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=255)),
                ('size', models.PositiveBigIntegerField()),
                ('sha256', models.CharField(max_length=64)),
                ('kept', models.BooleanField(default=True, help_text='its bytes are still here')),
                ('format', models.CharField(max_length=20)),
                ('mapping', models.JSONField(help_text='None: JSON Lines in our own shape', null=True)),
                ('given_at', models.DateTimeField(default=amends.core.clock.now)),
                ('check_state', models.CharField(choices=[('none', 'Not tried yet'), ('running', 'Being tried'), ('done', 'Tried'), ('failed', 'Not usable')], default='none', max_length=10)),
                ('check_reason', models.CharField(blank=True, max_length=500)),
                ('check_token', models.CharField(blank=True, help_text='which dry run; an older one stops', max_length=32)),
                ('checked_rows', models.PositiveIntegerField(default=0)),
                ('checked_good', models.PositiveIntegerField(default=0)),
                ('checked_known', models.PositiveIntegerField(default=0)),
                ('checked_refused', models.PositiveIntegerField(default=0)),
                ('given_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('unit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='import_files', to='accounts.unit')),
            ],
        ),
        migrations.AddField(
            model_name='importrun',
            name='file',
            field=models.ForeignKey(help_text='None: it was read by the command line', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='runs', to='intake.importfile'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=models.CheckConstraint(condition=models.Q(('state__in', ['running', 'paused', 'cancelled', 'failed', 'finished'])), name='import_state_known'),
        ),
        migrations.AddConstraint(
            model_name='importrun',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'finished'), _negated=True), ('finished_at__isnull', False), _connector='OR'), name='import_finished_has_time'),
        ),
        migrations.AddField(
            model_name='importpart',
            name='file',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='parts', to='intake.importfile'),
        ),
        migrations.AddField(
            model_name='importproblem',
            name='file',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='intake.importfile'),
        ),
        migrations.AddField(
            model_name='importproblem',
            name='run',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.CASCADE, related_name='problems', to='intake.importrun'),
        ),
        migrations.AddField(
            model_name='savedimportmapping',
            name='saved_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='importfile',
            constraint=models.CheckConstraint(condition=models.Q(('check_state__in', ['none', 'running', 'done', 'failed'])), name='import_file_check_known'),
        ),
        migrations.AddConstraint(
            model_name='importfile',
            constraint=models.CheckConstraint(condition=models.Q(('checked_rows', django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('checked_good'), '+', models.F('checked_known')), '+', models.F('checked_refused')))), name='import_file_checks_add_up'),
        ),
        migrations.AddConstraint(
            model_name='importpart',
            constraint=models.UniqueConstraint(models.F('file'), models.F('number'), name='import_part_once'),
        ),
        migrations.AddIndex(
            model_name='importproblem',
            index=models.Index(fields=['at'], name='import_problem_age'),
        ),
        migrations.AddConstraint(
            model_name='importproblem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('file__isnull', False), ('run__isnull', True)), models.Q(('file__isnull', True), ('run__isnull', False)), _connector='OR'), name='import_problem_of_one'),
        ),
        migrations.AddConstraint(
            model_name='savedimportmapping',
            constraint=models.UniqueConstraint(models.F('name'), models.F('version'), name='import_mapping_version_once'),
        ),
        migrations.RunSQL(
            sql="UPDATE intake_importrun SET state = 'finished' WHERE finished_at IS NOT NULL",
            reverse_sql='',
        ),
    ]
