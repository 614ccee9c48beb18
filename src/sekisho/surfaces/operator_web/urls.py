"""The addresses of the network operator's pages."""

from django.urls import path, register_converter

from sekisho.surfaces.kit.pages import Link
from sekisho.surfaces.kit.speech import Text
from sekisho.surfaces.operator_web.views import card, corrections, lookup, usage


class Point:
    """22 digits."""

    regex = "[0-9]{22}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


class Change:
    """The number of a correction."""

    regex = "R[0-9]{6}-[0-9A-F]{8}"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Point, "point")
register_converter(Change, "change")

NAVIGATION = (
    Link("lookup", Text("お客さま照会", "Look-up"), also=("card", "reveal", "usage", "draft", "draft_kind")),
    Link("corrections", Text("訂正", "Corrections"), also=("correction", "submission")),
)
urlpatterns = [
    path("", lookup.lookup, name="lookup"),
    path("points/<point:point>/", card.card, name="card"),
    path("points/<point:point>/reveal/", card.reveal, name="reveal"),
    path("points/<point:point>/usage/", usage.usage, name="usage"),
    path("points/<point:point>/usage/file/", usage.usage_file, name="usage_file"),
    path("points/<point:point>/corrections/new/", corrections.draft, name="draft"),
    path("points/<point:point>/corrections/new/<slug:kind>/", corrections.draft_kind, name="draft_kind"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/<change:change_no>/", corrections.correction, name="correction"),
    path("corrections/<change:change_no>/<slug:decision>/", corrections.decide, name="decide"),
    path("submissions/<uuid:command_no>/", corrections.submission, name="submission"),
]
