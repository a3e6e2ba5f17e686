"""What other domains may use to tell people."""

from amends.notifications.alerts import answer, raise_alert, settle
from amends.notifications.limits import keep_inside, limit_receivers
from amends.notifications.models import Alert, Notification
from amends.notifications.outside import OutsideFileError, outside
from amends.notifications.selectors import history_of, stand_ins_now, told_since
from amends.notifications.services import mark_all_read, mark_read, notify, tell, unread, withdraw

__all__ = [
    "Alert",
    "Notification",
    "OutsideFileError",
    "answer",
    "history_of",
    "keep_inside",
    "limit_receivers",
    "mark_all_read",
    "mark_read",
    "notify",
    "outside",
    "raise_alert",
    "settle",
    "stand_ins_now",
    "tell",
    "told_since",
    "unread",
    "withdraw",
]
