"""Checks a name and a password. One answer for every reason to refuse, so that nobody learns which names exist."""

from typing import Any

from django.conf import settings
from django.contrib.auth.backends import ModelBackend
from django.utils import timezone

from sekisho.accounts.rules import is_lapsed, is_locked


class AccountBackend(ModelBackend):
    """Only active, unlocked accounts of this surface's audience; unknown names take as long as known ones."""

    def user_can_authenticate(self, user: Any) -> bool:
        """Whether `user` may sign in here, or go on with a session, at this moment."""
        if user is None:
            return False
        now = timezone.now()
        return bool(
            user.is_active
            and user.audience == settings.SURFACE.audience
            and not is_locked(until=user.locked_until, now=now)
            and not is_lapsed(initial=user.must_change_password, until=user.initial_until, now=now)
        )
