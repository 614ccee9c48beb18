"""The addresses of the public pages."""

from django.urls import path

from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.public_web import views

NAVIGATION = (
    Link("home", Text("はじめに", "About")),
    Link("matrix", Text("開示の一覧表", "Who sees what")),
    Link("certificate", Text("証明書", "Certificate"), also=("verification",)),
    Link("retailers", Text("小売電気事業者", "Retailers")),
)
urlpatterns = [
    path("", views.home, name="home"),
    path("retailers/", views.retailers, name="retailers"),
    path("retailers/file/", views.retailers_file, name="retailers_file"),
    path("matrix/", views.matrix_page, name="matrix"),
    path("matrix/file/", views.matrix_file, name="matrix_file"),
    path("certificate/", views.certificate, name="certificate"),
    path("certificate/certificate.json", views.certificate_json, name="certificate_json"),
    path("verification/", views.verification, name="verification"),
]
