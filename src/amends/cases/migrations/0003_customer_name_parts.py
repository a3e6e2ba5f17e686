"""Finding a customer by a part of the name: a trigram index, so that it is no walk through the whole table."""

from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import TrigramExtension
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("cases", "0002_reference_at_commit")]
    operations = [
        TrigramExtension(),
        migrations.AddIndex(
            model_name="customer",
            index=GinIndex(fields=["name"], name="customer_name_parts", opclasses=["gin_trgm_ops"]),
        ),
    ]
