"""The addresses of sign-in: those of django-allauth that are used here, and no others."""

from allauth.account import views as account
from allauth.mfa.base import views as factor
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as webauthn
from django.urls import path

from sekisho.accounts import views

urlpatterns = [
    path("sign-in/", account.login, name="account_login"),
    path("sign-in/second-factor/", factor.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey/", webauthn.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/closed/", views.closed, name="account_signup"),
    path("sign-in/inactive/", views.closed, name="account_inactive"),
    path("sign-in/forgotten/", views.closed, name="account_reset_password"),
    path("sign-out/", account.logout, name="account_logout"),
    path("account/", factor.index, name="mfa_index"),
    path("account/enrolment/", views.enrolment, name="enrolment"),
    path("account/password/", account.password_change, name="account_change_password"),
    path("account/password/set/", views.closed, name="account_set_password"),
    path("account/confirm/", account.reauthenticate, name="account_reauthenticate"),
    path("account/confirm/second-factor/", factor.reauthenticate, name="mfa_reauthenticate"),
    path("account/confirm/passkey/", webauthn.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("account/totp/", totp.activate_totp, name="mfa_activate_totp"),
    path("account/totp/remove/", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/recovery-codes/", recovery.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/recovery-codes/new/", recovery.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path(
        "account/recovery-codes/download/",
        recovery.download_recovery_codes,
        name="mfa_download_recovery_codes",
    ),
    path("account/passkeys/", webauthn.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add/", webauthn.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<int:pk>/remove/", webauthn.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/passkeys/<int:pk>/", webauthn.edit_webauthn, name="mfa_edit_webauthn"),
]
