"""From a gate's rows to JSON: the fields that the schema declares and no other.

The schemas describe the answers and are not run over every value of every row: a gate's rows have their types from the database, and
the tests hold both together (`schemathesis`, and a comparison of each schema with its row).
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from operator import attrgetter
from typing import Any

from django.http import HttpResponse
from ninja import Schema
from pydantic_core import to_json


def answer(body: Mapping[str, Any], *, status: int = 200) -> HttpResponse:
    """The body as compact JSON, Japanese as it is; days and times in ISO form, decimals as text."""
    return HttpResponse(to_json(body), status=status, content_type="application/json; charset=utf-8")


def shown(schema: type[Schema], rows: Iterable[object]) -> list[dict[str, Any]]:
    """Each row as the schema's fields."""
    return list(map(_fields_of(schema), rows))


@cache
def _fields_of(schema: type[Schema]) -> Callable[[object], dict[str, Any]]:
    names = tuple(schema.model_fields)
    read = attrgetter(*names)
    return lambda row: dict(zip(names, read(row), strict=True))
