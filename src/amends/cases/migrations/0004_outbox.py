from __future__ import annotations

from django.db import migrations

class Migration(migrations.Migration):
    dependencies = [("cases", "0003_customer_name_parts")]

    operations = []
