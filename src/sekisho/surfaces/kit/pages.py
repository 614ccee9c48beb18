"""Pages: a title, the way here, and a template."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from sekisho.surfaces.kit.speech import Text

View = TypeVar("View", bound=Callable[..., HttpResponse])


@dataclass(frozen=True, slots=True)
class Link:
    """A named address of this surface with its text. `also` names the pages that lie below it."""

    name: str
    text: Text
    also: tuple[str, ...] = ()

    @property
    def url(self) -> str:
        """The address."""
        return reverse(self.name)


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumbs; the page itself is the last, without address."""

    text: Text | str
    url: str


def show(
    request: HttpRequest,
    template: str,
    *,
    title: Text | str,
    crumbs: Sequence[Crumb] = (),
    status: int = 200,
    **context: Any,
) -> HttpResponse:
    """Render a page. `title` is its noun-phrase h1 and the last breadcrumb."""
    return render(request, template, {"title": title, "crumbs": crumbs, **context}, status=status)


def everybody(view: View) -> View:
    """A view that anyone may open without signing in."""
    view.everybody = view.without_purpose = True  # type: ignore[attr-defined]
    return view


def without_purpose(view: View) -> View:
    """A view for signed-in people who have not chosen a purpose yet."""
    view.without_purpose = True  # type: ignore[attr-defined]
    return view
