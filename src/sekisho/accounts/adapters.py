"""How django-allauth behaves here: nobody signs themselves up, second factors are sealed, the last one stays."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from sekisho.accounts.sealing import seal, unseal


def second_factors(user: Any) -> Any:
    """The factors of `user` that stand beside the password: recovery codes alone are none."""
    return Authenticator.objects.filter(
        user=user, type__in=(Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    )


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Accounts are created by security staff, never by whoever asks."""

    def is_open_for_signup(self, _request: HttpRequest) -> bool:
        """Never."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing after a sign-in: the band shows who is signed in. Other pages say what they did themselves."""

    def is_reauthentication_required(self, **_: Any) -> bool:
        """Before sensitive changes, unless the person has just signed in."""
        age = timezone.now().timestamp() - self.request.session.get("signed_in_at", 0.0)
        return bool(age >= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]
    """TOTP secrets and the seeds of recovery codes are stored sealed."""

    def encrypt(self, text: str) -> str:
        """Seal under the key of this audience's accounts."""
        return seal(text, key=settings.ACCOUNT_KEY)

    def decrypt(self, encrypted_text: str) -> str:
        """What was sealed."""
        return unseal(encrypted_text, key=settings.ACCOUNT_KEY)

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """INVARIANT: an account that has a second factor keeps one."""
        return bool(second_factors(authenticator.user).exclude(pk=authenticator.pk).exists())

    def _get_site_name(self) -> str:
        return f"関所 {settings.SURFACE.ja}"
