from __future__ import annotations

from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("intake", "0007_survey_and_phone")]

    operations = []
