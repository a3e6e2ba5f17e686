"""What other domains may use to tell people."""

from amends.notifications.models import Notification
from amends.notifications.services import mark_all_read, mark_read, notify, tell, unread

__all__ = ["Notification", "mark_all_read", "mark_read", "notify", "tell", "unread"]
