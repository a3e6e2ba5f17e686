"""How much a customer's page takes in."""

from datetime import timedelta

MESSAGE_LIMIT = 50_000
MESSAGES_PER_HOUR = 30
WINDOW = timedelta(hours=1)
POINT_LIMIT = 500
POINTS_LIMIT = 20
ROOM_FOR_WORDS = 2 * 1024 * 1024
