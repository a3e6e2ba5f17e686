
import amends.core.clock
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_quarantine_scope'),
        ('cases', '0005_lane'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessList',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.SlugField(max_length=80, unique=True)),
                ('name', models.CharField(max_length=200)),
                ('kind', models.CharField(choices=[('safety', 'Safety'), ('legal', 'Legal'), ('media', 'Media'), ('staff', 'About our people'), ('vulnerable', 'Vulnerable customers'), ('important', 'Important customers'), ('other', 'Something else')], max_length=12)),
                ('restricted', models.BooleanField(default=True)),
                ('automatic', models.BooleanField(default=False, help_text='assessed cases of this kind come onto it by themselves')),
                ('created_at', models.DateTimeField(default=amends.core.clock.now)),
            ],
            options={
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='AccessListMember',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
        ),
        migrations.CreateModel(
            name='HiddenFrom',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.CreateModel(
            name='ListedCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.TextField(blank=True)),
                ('added_at', models.DateTimeField(default=amends.core.clock.now)),
            ],
        ),
        migrations.AddField(
            model_name='complaint',
            name='guarded',
            field=models.BooleanField(db_default=False, default=False, help_text='a list or a person concerned limits who may see it'),
        ),
        migrations.AddIndex(
            model_name='complaint',
            index=models.Index(condition=models.Q(('guarded', True)), fields=['id'], name='complaint_guarded'),
        ),
        migrations.AddConstraint(
            model_name='accesslist',
            constraint=models.CheckConstraint(condition=models.Q(('kind__in', ['safety', 'legal', 'media', 'staff', 'vulnerable', 'important', 'other'])), name='access_list_kind_known'),
        ),
        migrations.AddField(
            model_name='accesslistmember',
            name='access_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='members', to='cases.accesslist'),
        ),
        migrations.AddField(
            model_name='accesslistmember',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='access_lists', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='hiddenfrom',
            name='complaint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='hidden_from', to='cases.complaint'),
        ),
        migrations.AddField(
            model_name='hiddenfrom',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='listedcase',
            name='access_list',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='cases.accesslist'),
        ),
        migrations.AddField(
            model_name='listedcase',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='listedcase',
            name='complaint',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='listed', to='cases.complaint'),
        ),
        migrations.AddConstraint(
            model_name='accesslistmember',
            constraint=models.UniqueConstraint(models.F('access_list'), models.F('user'), name='access_list_member_once'),
        ),
        migrations.AddConstraint(
            model_name='hiddenfrom',
            constraint=models.UniqueConstraint(models.F('complaint'), models.F('user'), name='hidden_from_once'),
        ),
        migrations.AddConstraint(
            model_name='listedcase',
            constraint=models.UniqueConstraint(models.F('complaint'), models.F('access_list'), name='listed_case_once'),
        ),
    ]
