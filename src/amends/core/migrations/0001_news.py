"""The number of the newest announcement: a page compares it to learn whether it missed any."""

from django.db import migrations


class Migration(migrations.Migration):
    """A sequence, because it takes no lock and costs no row."""

    initial = True
    # The first number is spent at once: an untouched sequence says the same last number before and after its first use.
    operations = [
        migrations.RunSQL("CREATE SEQUENCE amends_news AS bigint; SELECT nextval('amends_news')", "DROP SEQUENCE amends_news")
    ]
