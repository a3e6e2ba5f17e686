from __future__ import annotations

from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("intake", "0003_form_use")]

    operations = []
