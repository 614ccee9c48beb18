"""The Django app of the accounts."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Connects the events once the models are there."""

    name = "sekisho.accounts"

    def ready(self) -> None:
        """Listen to sign-ins and changes of second factors."""
        from sekisho.accounts import events

        events.listen()
