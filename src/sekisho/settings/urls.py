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
handler400 = "sekisho.surfaces.kit.faults.bad_request"
handler403 = "sekisho.surfaces.kit.faults.forbidden"
handler404 = "sekisho.surfaces.kit.faults.not_found"
handler500 = "sekisho.surfaces.kit.faults.failed"
