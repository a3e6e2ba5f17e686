"""How many deliveries of others came, and what became of them."""

from __future__ import annotations

from django.db.models import Count

from amends.core.metrics import Labelled, reading


@reading(
    "amends_webhook_deliveries_total", "Deliveries of inbound webhooks, by channel and state.", ("channel", "state")
)
def deliveries() -> Labelled:
    """Received = done + ignored + failed + discarded + waiting, always: a delivery is never removed."""
    from amends.intake.webhooks.models import WebhookDelivery  # models are ready only when it is called

    rows = WebhookDelivery.objects.order_by().values_list("webhook__channel", "state").annotate(Count("pk"))
    return {(str(channel), str(state)): float(number) for channel, state, number in rows}
