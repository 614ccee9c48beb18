"""The sign-in form."""

from typing import Any

from allauth.account.forms import LoginForm


class SignInForm(LoginForm):  # type: ignore[misc]
    """Name and password. No placeholder: a label above each field says what it is."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for form_field in self.fields.values():
            form_field.help_text = ""
            form_field.widget.attrs.pop("placeholder", None)
