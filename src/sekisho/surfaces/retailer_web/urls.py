"""The addresses of the retailer portal."""

from django.urls import path, register_converter

from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.retailer_web.views import contracts, dashboard, exports, files, points, readings, usage


class Point:
    """22 digits."""

    regex = "[0-9]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Point, "point")

NAVIGATION = (
    Link("dashboard", Text("概況", "Overview")),
    Link("contracts", Text("契約", "Contracts"), also=("point", "usage")),
    Link("readings", Text("閲覧記録", "Who saw")),
    Link(
        "downloads",
        Text("ダウンロード", "Downloads"),
        also=("ask_export", "export", "drop_export", "submission"),
    ),
)
urlpatterns = [
    path("", dashboard.dashboard, name="dashboard"),
    path("contracts/", contracts.contracts, name="contracts"),
    path("contracts/file/", contracts.contracts_file, name="contracts_file"),
    path("points/<point:point>/", points.point, name="point"),
    path("points/<point:point>/usage/", usage.usage, name="usage"),
    path("points/<point:point>/usage/file/", usage.usage_file, name="usage_file"),
    path("readings/", readings.readings, name="readings"),
    path("readings/file/", readings.readings_file, name="readings_file"),
    path("downloads/", files.downloads, name="downloads"),
    path("downloads/daily/", files.daily_file, name="daily_file"),
    path("downloads/new/<slug:kind>/", exports.ask_export, name="ask_export"),
    path("downloads/<uuid:export_no>/", exports.export, name="export"),
    path("downloads/<uuid:export_no>/file/", exports.export_file, name="export_file"),
    path("downloads/<uuid:export_no>/drop/", exports.drop_export, name="drop_export"),
    path("downloads/submissions/<uuid:command_no>/", exports.submission, name="submission"),
]
