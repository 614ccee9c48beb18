"""What Django refuses before or beside the operations, in the API's form."""

import sys

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse

from sekisho.surfaces.kit import faults
from sekisho.surfaces.retailer_api.problems import Refusal, problem


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """400, or 413 for a body above the limit."""
    return problem(request, Refusal(413 if isinstance(exception, RequestDataTooBig) else 400))


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """403."""
    return problem(request, Refusal(403))


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404."""
    return problem(request, Refusal(404))


def failed(request: HttpRequest) -> HttpResponse:
    """503 when the database is away, otherwise 500; counted and logged as everywhere."""
    away = isinstance(sys.exc_info()[1], DatabaseError | InterfaceError)
    faults.failed(request)
    return problem(request, Refusal(503 if away else 500))
