"""What every page's band shows: who, in which role, for which purpose, in which environment."""

from importlib import import_module
from typing import Any

from django.conf import settings
from django.http import HttpRequest

from sekisho.barrier.audiences import PURPOSE
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text, language

_ENVIRONMENTS = {
    "production": Text("本番", "Production"),
    "training": Text("研修", "Training"),
    "demo": Text("練習(デモ、架空のデータ)", "Training (demonstration, fictitious data)"),
    "test": Text("試験", "Test"),
}


def band(request: HttpRequest) -> dict[str, Any]:
    """The context of the base template."""
    surface = settings.SURFACE
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated and request.session.get("second_factor"))
    return {
        "surface": surface,
        "surface_name": Text(surface.ja, surface.en),
        "environment": _ENVIRONMENTS.get(settings.ENVIRONMENT, settings.ENVIRONMENT),
        "environment_code": settings.ENVIRONMENT,
        "lang": language(),
        "signed_in": signed_in,
        "purpose": _purpose(request) if signed_in else None,
        "case_no": request.session.get(asking.CASE_KEY) if signed_in else None,
        "may_choose_purpose": signed_in and asking.may_choose(),
        "company_name": request.session.get("company_name", "") if signed_in else "",
        "navigation": _navigation(request) if signed_in or not surface.signs_in else (),
    }


def _purpose(request: HttpRequest) -> Text | None:
    if (
        asking.may_choose()
        and (settings.SURFACE.audience, request.session.get(asking.PURPOSE_KEY)) not in PURPOSE
    ):
        return None
    purpose = asking.chosen_purpose(request)
    return Text(purpose.ja, purpose.en)


def _navigation(request: HttpRequest) -> tuple[tuple[Link, bool], ...]:
    links: tuple[Link, ...] = import_module(f"{settings.SURFACE.package}.urls").NAVIGATION
    here = request.resolver_match.url_name if request.resolver_match else ""
    return tuple((link, here == link.name or here in link.also) for link in links)
