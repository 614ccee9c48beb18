"""The pages of sign-in that django-allauth does not have."""

from typing import NoReturn

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render


def enrolment(request: HttpRequest) -> HttpResponse:
    """What a person does first: choose a second factor."""
    return render(request, "accounts/enrolment.html")


def closed(_request: HttpRequest) -> NoReturn:
    """Signing up, resetting a password by mail: there is no such thing here. Security staff does it."""
    raise Http404
