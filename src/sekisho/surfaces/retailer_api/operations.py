"""The endpoints. Each asks its gates as the token's caller and adds nothing to what they return."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any, Literal
from uuid import UUID

import polars as pl
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Header, NinjaAPI, Path, Query, Schema
from ninja.errors import AuthenticationError, HttpError, ValidationError

from sekisho.barrier.gate import Gate
from sekisho.barrier.gateway import Page, UnableToRead
from sekisho.kernel.errors import SekishoError
from sekisho.kernel.folding import address_key, fold, name_key
from sekisho.ledger import gates as ledger
from sekisho.metering import gates as metering
from sekisho.registry import gates as registry
from sekisho.surfaces.kit.asking import process_gateway, request_id
from sekisho.surfaces.kit.tokens import UnableToGoOn, binding_of, open_key, seal_key
from sekisho.surfaces.retailer_api import schemas
from sekisho.surfaces.retailer_api.problems import Refusal, problem
from sekisho.surfaces.retailer_api.rendering import answer, shown
from sekisho.surfaces.retailer_api.tokens import Bearer
from sekisho.work import gates as work

MAX_DAYS = 400
"""Usage of at most 13 months a call."""

POINT_PARTS: dict[str, type[Schema]] = {
    "contracts": schemas.ContractPeriod,
    "parties": schemas.Party,
    "places": schemas.Place,
    "meters": schemas.Meter,
    "equipment": schemas.Equipment,
    "generation": schemas.Generation,
}
"""What is told of a point, in the order of its gates."""

PROBLEMS = dict.fromkeys((400, 401, 403, 404, 422, 429, 503), schemas.Problem)

PointNo = Annotated[str, Path(pattern=schemas.POINT, description="供給地点特定番号")]
After = Annotated[
    str | None, Query(max_length=1000, pattern=r"^[A-Za-z0-9_-]+$", description="`next` of the page before")
]
Size = Annotated[int, Query(ge=1, le=200)]


class RetailerApi(NinjaAPI):
    """Says in its document that errors are problem documents."""

    def get_openapi_schema(self, **options: Any) -> Any:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**options)
        for operation in (operation for path in document["paths"].values() for operation in path.values()):
            for status, response in operation["responses"].items():
                if int(status) >= 400 and "application/json" in response.get("content", {}):
                    response["content"]["application/problem+json"] = response["content"].pop(
                        "application/json"
                    )
        return document


api = RetailerApi(
    title="Sekisho retailer API",
    version="1.0.0",
    description="A retailer's own contracts, points, half-hourly usage, and who read them. Every call is recorded.",
    auth=Bearer(),
    docs_url=None,
    openapi_url="/openapi.json",
    urls_namespace="api-1",
)


def _caller(request: HttpRequest) -> Any:
    return request.auth  # type: ignore[attr-defined]


def _read(request: HttpRequest, gate: Gate[Any], **params: Any) -> list[Any]:
    return process_gateway().read(
        gate, _caller(request), now=timezone.now(), request_id=request_id(request), **params
    )


def _page(
    request: HttpRequest,
    gate: Gate[Any],
    schema: type[Schema],
    *,
    sort: str,
    descending: bool,
    size: int,
    after: str | None,
    filters: Mapping[str, Any],
) -> tuple[list[dict[str, Any]], str | None]:
    """One page and the sealed mark of the next, bound to the caller, the gate, the order and the filters."""
    caller = _caller(request)
    binding = binding_of(caller, gate=gate.name, sort=sort, descending=descending, filters=filters)
    key = None if after is None else open_key(after, secret=settings.SECRET_KEY, binding=binding)
    found = process_gateway().page(
        gate,
        caller,
        Page(sort, descending, size, key),
        now=timezone.now(),
        request_id=request_id(request),
        **filters,
    )
    following = (
        None
        if found.next_key is None
        else seal_key(found.next_key, secret=settings.SECRET_KEY, binding=binding)
    )
    return shown(schema, found.rows), following


@api.get(
    "/contracts",
    response={200: schemas.Contracts, **PROBLEMS},
    operation_id="listContracts",
    tags=["contracts"],
)
def contracts(
    request: HttpRequest,
    after: After = None,
    size: Size = 50,
    sort: Literal["point", "start", "name"] = "point",
    descending: bool = False,
    state: Literal["running", "ended"] | None = None,
    on: Annotated[date | None, Query(description="only contracts of this day")] = None,
    kind: Literal["person", "company", "device"] | None = None,
    name: Annotated[
        str | None, Query(min_length=1, max_length=80, description="beginning of the name or its reading")
    ] = None,
    address: Annotated[
        str | None, Query(min_length=2, max_length=120, description="beginning of the address")
    ] = None,
) -> HttpResponse:
    """The company's contracts."""
    filters = {
        "on": on, "state": state, "kind": kind, "name": _searched("name", name, name_key), "address": _searched("address", address, address_key),
    }  # fmt: skip
    rows, following = _page(
        request, registry.CONTRACTS, schemas.Contract, sort=sort, descending=descending, size=size, after=after,
        filters={key: value for key, value in filters.items() if value is not None},
    )  # fmt: skip
    return answer({"contracts": rows, "next": following})


@api.get(
    "/points/{point}", response={200: schemas.Point, **PROBLEMS}, operation_id="getPoint", tags=["points"]
)
def point(request: HttpRequest, point: PointNo) -> HttpResponse:
    """One supply point, for the periods of the company's own contracts."""
    found = {
        name: shown(schema, _read(request, gate, point=point))
        for (name, schema), gate in zip(POINT_PARTS.items(), registry.RETAILER_POINT, strict=False)
    }
    if not found["contracts"]:
        raise Refusal(404)
    return answer({"point": point, **found})


@api.get(
    "/points/{point}/usage",
    response={200: schemas.Usage, **PROBLEMS},
    operation_id="getUsage",
    tags=["usage"],
)
def usage(
    request: HttpRequest,
    point: PointNo,
    first: Annotated[date, Query(description="first day")],
    until: Annotated[date, Query(description="first day after")],
) -> HttpResponse:
    """Half-hourly usage of one point, at most 400 days."""
    _check_days(first, until)
    rows = _read(request, metering.USAGE, point=point, first=first, until=until)
    if not rows and not _read(request, registry.RETAILER_POINT[0], point=point):
        raise Refusal(404)
    days = shown(schemas.UsageDay, rows)
    for day in days:
        day["estimated"] = _slots(day["estimated"])
    return answer({"point": point, "days": days})


@api.get(
    "/usage", response={200: schemas.Portfolio, **PROBLEMS}, operation_id="getPortfolioUsage", tags=["usage"]
)
def portfolio(
    request: HttpRequest,
    first: Annotated[date, Query(description="first day")],
    until: Annotated[date, Query(description="first day after")],
) -> HttpResponse:
    """Usage of the whole portfolio by day."""
    _check_days(first, until)
    rows = _read(request, metering.PORTFOLIO_USAGE, first=first, until=until)
    return answer({"days": shown(schemas.PortfolioDay, rows)})


@api.get(
    "/passages", response={200: schemas.Passages, **PROBLEMS}, operation_id="listPassages", tags=["passages"]
)
def passages(
    request: HttpRequest,
    after: After = None,
    size: Size = 50,
    since: datetime | None = None,
    until: datetime | None = None,
    point: Annotated[str | None, Query(pattern=schemas.POINT)] = None,
) -> HttpResponse:
    """Who read the company's points, newest first: audience, company and purpose, not the person."""
    asked = {"since": since, "until": until, "point": point}
    rows, following = _page(
        request, ledger.WHO_SAW, schemas.Passage, sort="at", descending=True, size=size, after=after,
        filters={key: value for key, value in asked.items() if value is not None},
    )  # fmt: skip
    return answer({"passages": rows, "next": following})


@api.get(
    "/retailers",
    response={200: schemas.Retailers, **PROBLEMS},
    operation_id="listRetailers",
    tags=["retailers"],
)
def retailers(request: HttpRequest) -> HttpResponse:
    """The public list of retailers."""
    return answer({"retailers": shown(schemas.Retailer, _read(request, registry.RETAILERS))})


@api.post(
    "/corrections",
    response={202: schemas.Accepted, 413: schemas.Problem, **PROBLEMS},
    operation_id="requestCorrection",
    tags=["corrections"],
)
def request_correction(
    request: HttpRequest,
    body: schemas.NameCorrection,
    idempotency_key: Annotated[
        str, Header(alias="Idempotency-Key", min_length=8, max_length=100, pattern=r"^[!-~]+$")
    ],
) -> HttpResponse:
    """Ask for a corrected name. The same Idempotency-Key returns the same command and does nothing twice."""
    payload = body.model_dump(mode="json")
    taken = process_gateway().submit(
        registry.REQUEST_CORRECTION, _caller(request), payload, idempotency_key=idempotency_key, now=timezone.now(), request_id=request_id(request),
    )  # fmt: skip
    if taken is None:
        raise Refusal(403)
    return answer({"command_no": taken.command_no, "state": "queued"}, status=202)


@api.get(
    "/commands/{command_no}",
    response={200: schemas.Command, **PROBLEMS},
    operation_id="getCommand",
    tags=["corrections"],
)
def command(request: HttpRequest, command_no: UUID) -> HttpResponse:
    """What became of a submission of the company."""
    rows = _read(request, work.COMMAND, command_no=command_no)
    if not rows:
        raise Refusal(404)
    return answer(shown(schemas.Command, rows)[0])


def _searched(field: str, text: str | None, key: Callable[[pl.Expr], pl.Expr]) -> str | None:
    """The look-up key of a search text; a text of nothing but signs has none, and would find everything."""
    if text is None:
        return None
    if folded := fold(key, text):
        return folded
    ja, en = "検索できる文字がありません。", "There is no character to search by."
    raise Refusal(422, ja=ja, en=en, errors=[{"field": field, "value": text, "ja": ja, "en": en}])


def _check_days(first: date, until: date) -> None:
    if not timedelta(0) < until - first <= timedelta(days=MAX_DAYS):
        raise Refusal(
            422, ja=f"期間は1日から{MAX_DAYS}日までです。", en=f"Ask for one to {MAX_DAYS} days.",
            errors=[{"field": "until", "value": until.isoformat(), "ja": "first より後の日にしてください。", "en": "must be after first"}],
        )  # fmt: skip


def _slots(mask: int) -> list[int]:
    return [slot for slot in range(1, 49) if mask >> (slot - 1) & 1] if mask else []


@api.exception_handler(Refusal)
def refused(request: HttpRequest, refusal: Refusal) -> HttpResponse:
    """A refusal of ours."""
    return problem(request, refusal)


@api.exception_handler(AuthenticationError)
def unknown(request: HttpRequest, _: AuthenticationError) -> HttpResponse:
    """No token at all."""
    return problem(request, Refusal(401))


@api.exception_handler(HttpError)
def unparsable(request: HttpRequest, fault: HttpError) -> HttpResponse:
    """A body that is no JSON, or whatever else the framework refuses."""
    return problem(request, Refusal(fault.status_code if fault.status_code in (404, 405, 413) else 400))


@api.exception_handler(UnableToRead)
def unreadable(request: HttpRequest, _: UnableToRead) -> HttpResponse:
    """The database is away."""
    return problem(request, Refusal(503))


@api.exception_handler(UnableToGoOn)
def foreign_mark(request: HttpRequest, fault: UnableToGoOn) -> HttpResponse:
    """A paging mark that belongs to another list or company."""
    return problem(
        request,
        Refusal(422, ja=fault.ja, en=fault.en, errors=[{"field": "after", "ja": fault.ja, "en": fault.en}]),
    )


@api.exception_handler(SekishoError)
def unable(request: HttpRequest, fault: SekishoError) -> HttpResponse:
    """Whatever else a caller can put right."""
    return problem(request, Refusal(422, ja=fault.ja, en=fault.en))


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, fault: ValidationError) -> HttpResponse:
    """Values that the schema refuses, each named."""
    errors = [
        {
            "field": ".".join(str(part) for part in error["loc"][1:] if part != "body")
            or str(error["loc"][0]),
            "value": str(error.get("input"))[:100] if error.get("input") is not None else None,
            "ja": f"値が正しくありません: {error['msg']}",
            "en": error["msg"],
        }
        for error in fault.errors
    ]
    return problem(request, Refusal(422, errors=errors))
