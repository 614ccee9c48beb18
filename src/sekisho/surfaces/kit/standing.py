"""Does the permit of whoever is signed in still hold? Gates answer a person without one with no rows; a page must say why.

There is no gate for the question itself: each audience has one that returns at least one row to everybody who may ask at all.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest

from sekisho.barrier import gates as barrier_gates
from sekisho.barrier.gate import Gate
from sekisho.barrier.gates import PermitRow
from sekisho.barrier.gateway import Page
from sekisho.registry import gates as registry_gates
from sekisho.surfaces.kit import asking


@dataclass(frozen=True, slots=True)
class Standing:
    """Whether the permit holds today, and what the person's company is called where the gates tell it."""

    holds: bool
    company_name: str = ""


def ask(request: HttpRequest) -> Standing:
    """Ask the database."""
    question = _QUESTIONS.get(settings.SURFACE.audience)
    return Standing(True) if question is None else question(request)


def _retailer(request: HttpRequest) -> Standing:
    names = {row.code: row.name for row in asking.read(request, registry_gates.RETAILERS)}
    return Standing(bool(names), names.get(asking.caller(request).company, ""))


def _own_permit(gate: Gate[PermitRow]) -> Callable[[HttpRequest], Standing]:
    def ask_permit(request: HttpRequest) -> Standing:
        person = asking.caller(request).person
        return Standing(bool(asking.page(request, gate, Page("person", size=1), person=person).rows))

    return ask_permit


def _operator(request: HttpRequest) -> Standing:
    return Standing(bool(asking.read(request, registry_gates.STANDING)))


_QUESTIONS: dict[str, Callable[[HttpRequest], Standing]] = {
    "retailer": _retailer,
    "operator": _operator,
    "security": _own_permit(barrier_gates.PERMITS),
    "auditor": _own_permit(barrier_gates.AUDITOR_PERMITS),
}
