from __future__ import annotations

from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("intake", "0004_mail_folders")]

    operations = []
