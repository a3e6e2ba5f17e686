"""Weekly working hours, as units, teams and people have them."""

from amends.accounts.public import DAYS, Hours, HoursError, check_hours, next_change, on_shift

__all__ = ["DAYS", "Hours", "HoursError", "check_hours", "next_change", "on_shift"]
