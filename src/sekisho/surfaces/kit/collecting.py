"""All rows of a list for a file: page by page through the gate, each page with its passage."""

from typing import Any, TypeVar

from django.http import HttpRequest

from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page
from sekisho.kernel.errors import SekishoError
from sekisho.surfaces.kit import asking

Row = TypeVar("Row")
LIMIT = 20_000
_PAGE = 200


class UnableToCollect(SekishoError):
    """There are more rows than one request may carry. A shortened file would look like a whole one."""


def collect(
    request: HttpRequest, gate: Gate[Row], sort: str, *, descending: bool = False, **params: Any
) -> list[Row]:
    """Every row; raises `UnableToCollect` beyond `LIMIT`."""
    rows: list[Row] = []
    key = None
    while True:
        found = asking.page(request, gate, Page(sort, descending, _PAGE, key), **params)
        rows += found.rows
        key = found.next_key
        if key is None:
            return rows
        if len(rows) >= LIMIT:
            raise UnableToCollect(
                f"{LIMIT:,} 件を超えるため、ファイルを作れません。条件を加えて絞り込んでください。",
                f"There are more than {LIMIT:,} rows. Please narrow the filters.",
            )
