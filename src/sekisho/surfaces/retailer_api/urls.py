"""The API's addresses. There are no pages, hence no navigation."""

from django.urls import path

from sekisho.surfaces.retailer_api import tokens
from sekisho.surfaces.retailer_api.operations import api

NAVIGATION: tuple[object, ...] = ()

urlpatterns = [
    path("oauth/token", tokens.issue, name="token"),
    path("oauth/revoke", tokens.revoke, name="revoke"),
    path("api/v1/", api.urls),
]
