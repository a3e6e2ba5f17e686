"""A breach is noted at once and told to everybody afterwards; the flag says that it still has to be told."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """A column with a default that the database fills in, and a partial index that is nearly always empty."""

    atomic = False
    dependencies = [("clocks", "0002_facts_closures_told")]
    operations = [
        migrations.AddField(
            model_name="clock",
            name="to_announce",
            field=models.BooleanField(
                db_default=False, default=False, help_text="it ran out, and that still has to be told"
            ),
        ),
        AddIndexConcurrently(
            model_name="clock",
            index=models.Index(
                condition=models.Q(("to_announce", True)), fields=["due_at", "id"], name="clock_to_announce"
            ),
        ),
    ]
