"""The pages of the retailer portal."""

from django.http import HttpRequest, HttpResponse

from sekisho.registry import gates as registry
from sekisho.surfaces.kit import asking
from sekisho.surfaces.kit.pages import show
from sekisho.surfaces.kit.speech import Text


def dashboard(request: HttpRequest) -> HttpResponse:
    """The portfolio in numbers."""
    portfolio = asking.read(request, registry.PORTFOLIO)[0]
    return show(
        request, "retailer_web/dashboard.html", title=Text("契約の概況", "Portfolio"), portfolio=portfolio
    )
