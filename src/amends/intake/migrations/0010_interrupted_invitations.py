"""An invitation whose sender died half-way is told from one that was refused."""

from django.db import migrations, models

STATES = {
    "queued": "Queued",
    "sending": "Sending",
    "sent": "Sent",
    "failed": "Failed",
    "interrupted": "Interrupted, may have arrived",
    "cancelled": "Not sent",
}


class Migration(migrations.Migration):
    dependencies = [("intake", "0009_imports")]

    operations = [
        migrations.AlterField(
            model_name="surveyrecipient",
            name="state",
            field=models.CharField(choices=list(STATES.items()), default="queued", max_length=12),
        ),
        migrations.RemoveConstraint(model_name="surveyrecipient", name="intake_survey_mail_state_known"),
        migrations.AddConstraint(
            model_name="surveyrecipient",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", list(STATES))), name="intake_survey_mail_state_known"
            ),
        ),
    ]
