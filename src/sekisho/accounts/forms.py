"""The forms of signing in and of confirming who one is."""

from typing import Any

from allauth.account.forms import LoginForm, ReauthenticateForm
from django.forms import Form


def _plain(form: Form) -> None:
    """A label above each field says what it is: no placeholder, and no link to a reset that does not exist."""
    for form_field in form.fields.values():
        form_field.help_text = ""
        form_field.widget.attrs.pop("placeholder", None)


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)


class ConfirmForm(ReauthenticateForm):  # type: ignore[misc]
    """The password once more."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self)
