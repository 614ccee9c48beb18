"""Choosing a language."""

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_safe

from sekisho.surfaces.kit.pages import everybody

_YEAR = 365 * 24 * 3600


@everybody
@require_safe
def language(request: HttpRequest) -> HttpResponse:
    """Remember the language and go back."""
    target = request.GET.get("next", "/")
    if not url_has_allowed_host_and_scheme(target, allowed_hosts=None):
        target = "/"
    chosen = "en" if request.GET.get("to") == "en" else "ja"
    response = redirect(target)
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=_YEAR,
        httponly=True,
        samesite="Lax",
        secure=settings.TLS,
    )
    return response
