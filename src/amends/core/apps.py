"""The base every domain stands on: time, events, ids, text, registries."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Django's entry for the core; it has no reactions of its own."""

    name = "amends.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
