"""Where a list stands, as its address says: filters, sort order, direction and the paging token are all in the URL."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.conf import settings
from django.http import HttpRequest, QueryDict
from django.utils.http import urlencode

from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page
from sekisho.surfaces.kit import asking, tokens

Row = TypeVar("Row")
SIZES = (20, 50, 100, 200)
_OWN = ("sort", "order", "after", "size")


@dataclass(frozen=True, slots=True)
class Listed(Generic[Row]):
    """One page of a list and the addresses around it. `next_url` and `first_url` are None where there is no such page."""

    rows: list[Row]
    sort: str
    descending: bool
    size: int
    first_url: str | None
    next_url: str | None
    query: QueryDict

    def sort_url(self, sort: str) -> str:
        """The address of the same list in another order; choosing the present order turns it round."""
        descending = sort == self.sort and not self.descending
        return _url(self.query, sort=sort, order="desc" if descending else "asc")


def listed(
    request: HttpRequest,
    gate: Gate[Row],
    *,
    sort: str,
    descending: bool = False,
    size: int = 50,
    filters: Mapping[str, Any],
) -> Listed[Row]:
    """The page of `gate` that the address asks for. `sort`, `descending`, `size` are the defaults; `filters` the gate's params.

    Raises `tokens.UnableToGoOn` for a token of somebody or something else.
    """
    query = request.GET
    chosen = query.get("sort", "") if query.get("sort") in gate.sorts else sort
    down = query["order"] == "desc" if query.get("order") in ("asc", "desc") else descending
    rows = int(query["size"]) if query.get("size") in {str(one) for one in SIZES} else size
    binding = tokens.binding_of(
        asking.caller(request), gate=gate.name, sort=chosen, descending=down, filters=filters
    )
    after = query.get("after")
    key = tokens.open_key(after, secret=settings.SECRET_KEY, binding=binding) if after else None
    found = asking.page(request, gate, Page(chosen, down, rows, key), **filters)
    token = (
        None
        if found.next_key is None
        else tokens.seal_key(found.next_key, secret=settings.SECRET_KEY, binding=binding)
    )
    return Listed(
        rows=found.rows,
        sort=chosen,
        descending=down,
        size=rows,
        first_url=_url(query) if after else None,
        next_url=None
        if token is None
        else _url(query, sort=chosen, order="desc" if down else "asc", after=token),
        query=query,
    )


def _url(query: QueryDict, **changes: str) -> str:
    kept = {name: str(value) for name, value in query.items() if name not in _OWN or name == "size"}
    return "?" + urlencode(kept | changes)
