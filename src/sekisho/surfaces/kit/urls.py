"""Addresses that every surface has: health, measurements, language, purpose."""

from django.conf import settings
from django.urls import path

from sekisho.barrier.audiences import purposes_of
from sekisho.surfaces.kit import health, views

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", health.metrics, name="metrics"),
    path("language/", views.language, name="language"),
]
if settings.SURFACE.signs_in and len(purposes_of(settings.SURFACE.audience)) > 1:
    from sekisho.surfaces.kit import purpose

    urlpatterns.append(path("purpose/", purpose.purpose, name="purpose"))
