"""The addresses of the retailer portal."""

from django.urls import path

from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.retailer_web import views

NAVIGATION = (Link("dashboard", Text("概況", "Overview")),)
urlpatterns = [path("", views.dashboard, name="dashboard")]
