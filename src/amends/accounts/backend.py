"""Sign-in by e-mail address and password."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from amends.accounts.models import User
from amends.core.text import normalise_email


class EmailBackend:
    """Checks address and password; takes as long for an unknown address as for a wrong password."""

    def authenticate(self, request: HttpRequest | None, email: str = "", password: str = "", **_: Any) -> User | None:
        """The active user with these credentials, or None."""
        user = User.objects.filter(email=normalise_email(email)).first()
        if user is None:
            User().set_password(password)
            return None
        return user if user.check_password(password) and user.is_active else None

    def get_user(self, user_id: int) -> User | None:
        """The user of a session, unless deactivated meanwhile."""
        return User.objects.filter(pk=user_id, is_active=True).first()
