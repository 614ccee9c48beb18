"""The addresses of one surface process: its own pages, sign-in where people sign in, and health."""

from importlib import import_module

from django.conf import settings
from django.urls import include, path

from sekisho.settings.surfaces import Surface

SURFACE: Surface = settings.SURFACE

urlpatterns = [
    path("", include("sekisho.surfaces.kit.urls")),
    *([path("", include("sekisho.accounts.urls"))] if SURFACE.signs_in else []),
    path("", include(import_module(f"{SURFACE.package}.urls"))),
]
_FAULTS = (
    "sekisho.surfaces.retailer_api.faults"
    if SURFACE.code == "retailer_api"
    else "sekisho.surfaces.kit.faults"
)
handler400 = f"{_FAULTS}.bad_request"
handler403 = f"{_FAULTS}.forbidden"
handler404 = f"{_FAULTS}.not_found"
handler500 = f"{_FAULTS}.failed"
