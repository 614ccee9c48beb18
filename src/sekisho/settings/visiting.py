"""The fuzz of the surfaces: the same visitor walks through both worlds, page by page, and must find the same pages.

Addresses come from each surface's URL configuration and from the links and forms of the pages themselves; operations of the API from its
OpenAPI document. Everything that a visitor can see is compared: status, headers, bytes.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from base64 import b64decode
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urljoin, urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sekisho.barrier.connect import connect
from sekisho.barrier.fuzz.calls import ODD, Pool
from sekisho.barrier.fuzz.canaries import scan
from sekisho.barrier.fuzz.people import callers, login_of, name_of
from sekisho.barrier.fuzz.replay import canaries, parting
from sekisho.barrier.fuzz.stages import Stages
from sekisho.barrier.fuzz.twins import Depth, hidden_values
from sekisho.barrier.fuzz.tworun import CANARY, RECORD, TWO_RUN, Leak
from sekisho.barrier.fuzz.worlds import World
from sekisho.barrier.ticket import Caller
from sekisho.kernel.errors import EnvironmentFault
from sekisho.settings.deploy import login_conninfo, ticket_key
from sekisho.settings.flaws import lender_of
from sekisho.settings.handover import hand_over
from sekisho.settings.home import Home
from sekisho.settings.surfaces import SURFACES

UNCOMPARED = ("date", "x-request-id", "content-length", "etag")
"""Headers that are not compared as they are: the moment, the request's number, and two that follow from the body (`Response.belied`)."""

OF_A_SHAPE = 8
"""How many addresses of one shape are visited."""
MOST = 400
"""How many requests one visitor makes of one surface."""
NOBODY, BEFORE = "nobody", "before"

_FORM_TOKEN = re.compile(r'(name="csrfmiddlewaretoken" value=")[^"]*')
_EXPIRES = re.compile(r"(set-cookie: .*?expires=)[^;\n]*", re.IGNORECASE)
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
_CORRECTION = re.compile(r"/corrections/R\d")
_PARAMETER = re.compile(r"<(?:(?P<kind>\w+):)?(?P<name>\w+)>")
_ASKING = re.compile(r"POST .*reveal|[A-Z]+ /corrections/[^/?]+/")
"""Requests that ask for what is masked: 「表示」, and opening one correction, whose gate reveals it and records that."""
_NOT_VISITED = ("/sign-", "/account/", "/purpose/", "/static/", "/metrics", "/healthz", "/readyz")
"""Sign-in and one's own account (nothing of the barrier's), choosing another purpose (another caller, who walks for themselves), files that
are the same for all, and measurements of the process."""


class UnableToVisit(EnvironmentFault):
    """A surface process of the fuzz did not answer."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `depth`: how many forms led here."""

    method: str
    path: str
    body: Mapping[str, str] | str = field(default_factory=dict)
    type: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    depth: int = 0

    def key(self) -> str:
        """The same for the same request."""
        return json.dumps(
            [self.method, self.path, self.body if isinstance(self.body, str) else dict(self.body)],
            sort_keys=True,
        )

    def said(self) -> str:
        """Everything that the visitor says with it."""
        return f"{unescape(self.path)} {self.body if isinstance(self.body, str) else ' '.join(self.body.values())}"


@dataclass(frozen=True, slots=True)
class Response:
    """What came back."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def text(self, known: Iterable[str]) -> str:
        """Everything that the visitor can see, without what is random by design."""
        numbers = set(known)
        listed = [f"{name}: {value}" for name, value in self.headers if name.lower() not in UNCOMPARED]
        text = "\n".join(
            [str(self.status), *listed, "", self.body.decode("utf-8", errors="backslashreplace")]
        )
        number = next((value for name, value in self.headers if name.lower() == "x-request-id"), None)
        text = _FORM_TOKEN.sub(r"\1…", text.replace(number, "request") if number else text)
        text = _EXPIRES.sub(r"\1…", text)
        return _UUID.sub(lambda found: found[0] if found[0] in numbers else "new", text)

    def belied(self, other: "Response") -> tuple[str, str] | None:
        """Headers that follow from the body and yet differ where the bodies do not; None: they tell nothing more."""
        if self.body != other.body:
            return None
        ours, theirs = (
            "\n".join(
                f"{name}: {value}"
                for name, value in one.headers
                if name.lower() in ("etag", "content-length")
            )
            for one in (self, other)
        )
        return None if ours == theirs else (ours, theirs)

    @property
    def request_id(self) -> str:
        """The number under which the request is recorded."""
        return next((value for name, value in self.headers if name.lower() == "x-request-id"), "")


class Records:
    """What a surface's requests wrote into the ledger of one world: in the visitor's own name, and nothing else.

    `caller`: who visits; None: nobody, for whom nothing may be asked.
    """

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self._conn = conn
        self._last = "0"
        self.skip()

    def skip(self) -> None:
        """Pass over what was recorded until now."""
        row = self._conn.execute("select coalesce(max(xact), '0'::xid8)::text from ledger.passage").fetchone()
        self._last = self._last if row is None else str(row[0])

    def fault(self, caller: Caller | None, request_id: str) -> str | None:
        """What is wrong with the passages since the last look; None: nothing."""
        found = self._conn.execute(
            "select audience, company, person, purpose, case_no, verdict, request_id, gate from ledger.passage where xact > %s::xid8 order by xact, passage_id",
            [self._last],
        ).fetchall()
        self.skip()
        wanted = (
            None
            if caller is None
            else (
                caller.audience,
                caller.company,
                caller.person,
                caller.purpose,
                caller.case_no,
                "passed",
                request_id,
            )
        )
        wrong = [row for row in found if row[:-1] != wanted]
        return None if not wrong else f"recorded as {dict(zip(_CLAIMS, wrong[0], strict=True))}"


_CLAIMS = ("audience", "company", "person", "purpose", "case_no", "verdict", "request_id", "gate")


class Visitor:
    """One surface process on one world."""

    def __init__(self, process: "subprocess.Popen[str]", log: Path) -> None:
        self._process, self.log = process, log

    def ask(self, do: str, **more: Any) -> Any:
        """One line there, one line back."""
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101 – both are pipes
        try:
            stdin.write(json.dumps({"do": do, **more}) + "\n")
            stdin.flush()
            line = stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise UnableToVisit(
                f"画面のプロセスが応答しません: {self._words()}",
                f"A surface process does not answer: {self._words()}",
            )
        return json.loads(line)

    def request(self, person: str, request: Request) -> Response:
        """One request as `person`."""
        body = request.body if isinstance(request.body, str) else dict(request.body)
        found = self.ask(
            "request",
            person=person,
            method=request.method,
            path=request.path,
            body=body,
            type=request.type,
            headers=dict(request.headers),
        )
        return Response(
            found["status"],
            tuple((name, value) for name, value in found["headers"]),
            b64decode(found["body"]),
        )

    def _words(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")[-1500:]


@contextmanager
def visitor(
    surface: str, *, conninfo: str, home: Home, now: datetime, more: Mapping[str, str] | None = None
) -> Iterator[Visitor]:
    """A surface process on the database that `conninfo` names, with a home that holds only its own secrets. `more`: of its environment."""
    place = conninfo_to_dict(conninfo)
    address = make_conninfo(
        host=place.get("host") or "", port=place.get("port") or "", dbname=str(place["dbname"])
    )
    with tempfile.TemporaryDirectory(prefix="sekisho-fuzz-") as directory:
        own = hand_over(surface=surface, home=home, target=Path(directory) / "home")
        log = Path(directory) / "log"
        environ = {name: os.environ[name] for name in ("PATH", "LANG", "PYTHONPATH") if name in os.environ}
        environ |= {"SEKISHO_HOME": str(own.root), "SEKISHO_DATABASE_URL": address, "SEKISHO_SURFACE": surface, "SEKISHO_FUZZ_NOW": now.isoformat(),
                    "SEKISHO_ENVIRONMENT": "test", "PYTHONHASHSEED": "0", **(more or {})}  # fmt: skip
        command = [sys.executable, "-P", "-m", "sekisho.settings.visitor"]
        with (
            log.open("wb") as out,
            subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=out,
                env=environ,
                text=True,
                encoding="utf-8",
            ) as process,
        ):
            try:
                yield Visitor(process, log)
            finally:
                process.terminate()


def _reveals(request: Request) -> bool:
    """Whether the page shows something in clear, one contract at a time: 「表示」, or what a correction would write."""
    return "/reveal/" in request.path if request.method == "POST" else bool(_CORRECTION.match(request.path))


# --- what a page offers


@dataclass(slots=True)
class Form:
    """A form of a page: fields with their values, and the choices of those that have any."""

    method: str
    action: str
    values: dict[str, str] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)
    typed: set[str] = field(default_factory=set)


class _Page(HTMLParser):
    """Links and forms."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self._inside = False
        self._select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "a" and "href" in found:
            self.links.append(found["href"])
        elif tag == "form":
            self.forms.append(Form(found.get("method", "get").upper(), found.get("action", "")))
            self._inside = True
        elif self._inside and tag in ("input", "select", "textarea", "button", "option"):
            self._field(tag, found)

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False

    def _field(self, tag: str, found: Mapping[str, str]) -> None:
        form, name = self.forms[-1], found.get("name", "")
        if tag == "option":
            form.choices.setdefault(self._select, []).append(found.get("value", ""))
            form.values.setdefault(self._select, found.get("value", ""))
        elif tag == "select":
            self._select = name
        elif name and tag == "input" and found.get("type") in ("radio", "checkbox", "submit"):
            form.choices.setdefault(name, []).append(found.get("value", "on"))
            form.values.setdefault(name, found.get("value", "on"))
        elif name and tag == "button":
            form.values.setdefault(name, found.get("value", ""))
        elif name:
            form.values[name] = found.get("value", "")
            if found.get("type", "text") != "hidden":
                form.typed.add(name)


# --- a walk


@dataclass(slots=True)
class Walk:
    """One visitor's walk through one surface in two worlds."""

    surface: str
    name: str
    worlds: tuple[Visitor, Visitor]
    pool: Pool
    hidden: Mapping[str, tuple[str, str]]
    depth: Depth
    most: int = MOST
    headers: Mapping[str, str] = field(default_factory=dict)
    caller: Caller | None = None
    records: tuple[Records, ...] = ()
    predecessor: Mapping[str, str] | None = None
    """Headers of somebody else, called `BEFORE`, who opens each kind of page first; None: nobody does."""
    first: bool = False
    """Stop once anything was found."""
    leaks: list[Leak] = field(default_factory=list)
    shapes: dict[str, int] = field(default_factory=dict)
    answers: int = 0
    _seen: set[str] = field(default_factory=set)
    _gone_before: set[str] = field(default_factory=set)
    _waiting: deque[Request] = field(default_factory=deque)

    def start(self, requests: Iterable[Request]) -> None:
        """Go on from these until nothing new is offered, or enough was seen."""
        for request in requests:
            self._offer(request)
        while self._waiting and self.answers < 2 * self.most and not (self.first and self.leaks):
            self._visit(self._waiting.popleft())

    def _offer(self, request: Request) -> None:
        path = request.path.partition("#")[0]
        if path.startswith(_NOT_VISITED) or not path.startswith("/"):
            return
        if self.depth is Depth.MASKED and _reveals(request):
            return
        request = replace(request, path=path)
        shape = _shape(request)
        if request.key() in self._seen or self.shapes.get(shape, 0) >= OF_A_SHAPE:
            return
        self._seen.add(request.key())
        self.shapes[shape] = self.shapes.get(shape, 0) + 1
        self._waiting.append(request)

    def _visit(self, request: Request) -> None:
        self._go_before(request)
        sent = replace(request, headers={**self.headers, **request.headers})
        left, right = (world.request(self.name, sent) for world in self.worlds)
        self.answers += 2
        self._compare(request, left, right)
        self._look_up(request, left, right)
        location = dict(left.headers).get("Location")
        if location:
            self._offer(Request("GET", urljoin(request.path, location), depth=request.depth))
        if dict(left.headers).get("Content-Type", "").startswith("text/html"):
            self._look(request, left.body.decode("utf-8", errors="replace"))

    def _go_before(self, request: Request) -> None:
        """Somebody else asks for the first page of each shape: what a process keeps of theirs must not come to the visitor."""
        shape = _shape(request)
        if self.predecessor is None or request.method != "GET" or shape in self._gone_before:
            return
        self._gone_before.add(shape)
        for world in self.worlds:
            world.request(BEFORE, replace(request, headers={**self.predecessor, **request.headers}))
        for record in self.records:
            record.skip()

    def _look_up(self, request: Request, left: Response, right: Response) -> None:
        """The record of both requests, and the headers that follow from a body."""
        where = f"{self.surface} {request.method} {request.path}"
        if (belied := left.belied(right)) is not None:
            self.leaks.append(Leak(TWO_RUN, self.name, where, {}, 0, *belied))
        for record, answer in zip(self.records, (left, right), strict=False):
            if (fault := record.fault(self.caller, answer.request_id)) is not None:
                self.leaks.append(Leak(RECORD, self.name, where, {}, None, fault, ""))

    def _compare(self, request: Request, left: Response, right: Response) -> None:
        known = [str(value) for value in self.pool.of("command_no")]
        texts = left.text(known), right.text(known)
        part = parting(*texts)
        origins = canaries("\n".join(texts), self.hidden, said=request.said())
        if part is None and not origins:
            return
        body = {"body": request.body} if isinstance(request.body, str) else dict(request.body)
        where = f"{self.surface} {request.method} {request.path}"
        by, byte, one, two = (
            (TWO_RUN, part.byte, part.one, part.two)
            if part
            else (CANARY, None, texts[0][:200], texts[1][:200])
        )
        self.leaks.append(
            Leak(
                by,
                self.name,
                where,
                {name: value[:120] for name, value in body.items()},
                byte,
                one,
                two,
                origins,
            )
        )

    def _look(self, request: Request, text: str) -> None:
        page = _Page()
        page.feed(text)
        for link in page.links:
            target = urlsplit(urljoin(request.path, link))
            if not target.netloc:
                self._offer(
                    Request(
                        "GET", target.path + (f"?{target.query}" if target.query else ""), depth=request.depth
                    )
                )
        for form in page.forms if request.depth < 3 else ():
            for filled in self._filled(form):
                path = urljoin(request.path, form.action) if form.action else request.path.partition("?")[0]
                if form.method == "GET":
                    self._offer(
                        Request(
                            "GET", f"{path.partition('?')[0]}?{urlencode(filled)}", depth=request.depth + 1
                        )
                    )
                else:
                    self._offer(Request("POST", path, filled, depth=request.depth + 1))

    def _filled(self, form: Form) -> Iterator[dict[str, str]]:
        """As it stands, each choice, and each field typed into with one's own, others' and odd values."""
        values = {name: value for name, value in form.values.items() if name != "csrfmiddlewaretoken"}
        yield values
        for name, choices in form.choices.items():
            yield from (values | {name: choice} for choice in choices[:4])
        for name in sorted(form.typed):
            yield from (values | {name: str(value)} for value in self.values(name)[:OF_A_SHAPE])

    def values(self, name: str) -> list[Any]:
        """Values for a field or parameter of that name."""
        columns = _FIELDS.get(name, (name,))
        if self.depth is Depth.MASKED and name in ("q", "name", "phone"):
            columns = ("point", "customer_no")
        found = [
            value for column in columns for value in self.pool.of(column)[:: 1 if len(columns) == 1 else 4]
        ]
        return [*found, *_DAYS.get(name, ()), *ODD[1:5]]


_FIELDS = {
    "q": ("point", "customer_no", "phone_key", "name_key", "kana_key", "address_key"), "name": ("name_key", "kana_key"), "address": ("address_key",),
    "menu": ("menu_code",), "case": ("case_no",), "person": ("person",), "points": ("point",),
}  # fmt: skip
_DAYS = dict.fromkeys(
    ("on", "first", "until", "since", "day", "month", "last", "start", "end"),
    ("2018-06-01", "2020-01-01", "2026-13-41"),
)


def _shape(request: Request) -> str:
    """Addresses that differ only in numbers and values have one shape; so have requests that differ in one field's value."""
    path, _, query = request.path.partition("?")
    names = sorted(name for name, value in parse_qsl(query, keep_blank_values=True) if value)
    body = (
        sorted(name for name, value in request.body.items() if value)
        if not isinstance(request.body, str)
        else ["body"]
    )
    return (
        f"{request.method} {re.sub(r'[0-9a-fA-F-]*[0-9][^/]*', '#', path)} {','.join(names)} {','.join(body)}"
    )


def addresses(routes: Iterable[Mapping[str, str]], walk: Walk) -> Iterator[Request]:
    """Every address of a surface, its parameters filled in one after the other."""
    for route in routes:
        parameters = list(_PARAMETER.finditer(route["route"]))
        rounds = max((len(walk.values(p["name"])) for p in parameters), default=1)
        for number in range(min(rounds, OF_A_SHAPE)):
            path = route["route"]
            for parameter in parameters:
                values = walk.values(parameter["name"])
                path = path.replace(parameter[0], quote(str(values[number % len(values)]), safe=""))
            yield Request("GET", path)


def operations(document: Mapping[str, Any], walk: Walk) -> Iterator[Request]:
    """Every operation of an OpenAPI document: bare, with each parameter alone, and with a body where it takes one."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield from _operation(path, method.upper(), operation, walk)


def _operation(path: str, method: str, operation: Mapping[str, Any], walk: Walk) -> Iterator[Request]:
    listed = operation.get("parameters", [])
    required = {
        p["name"]: _api_values(p, walk)[0] for p in listed if p["in"] == "query" and p.get("required")
    }
    inside = [p["name"] for p in listed if p["in"] == "path"]
    queries: list[dict[str, Any]] = [required]
    queries += [
        required | {p["name"]: value}
        for p in listed
        if p["in"] == "query"
        for value in _api_values(p, walk)[:OF_A_SHAPE]
    ]
    for number in range(OF_A_SHAPE if inside else 1):
        target = path
        for name in inside:
            values = walk.values(name)
            target = target.replace(f"{{{name}}}", quote(str(values[number % len(values)]), safe=""))
        for query in queries if number < 3 else queries[:1]:
            filled = f"{target}?{urlencode(query)}" if query else target
            if method == "GET":
                yield Request("GET", filled)
            else:
                yield from _posts(method, filled, walk)


def _posts(method: str, path: str, walk: Walk) -> Iterator[Request]:
    for number, point in enumerate(walk.values("point")[:OF_A_SHAPE]):
        body = json.dumps(
            {
                "point": str(point),
                "contract_no": str(walk.values("contract_no")[0]),
                "name": "試験",
                "name_kana": "シケン",
                "reason": "試験",
            }
        )
        yield Request(method, path, body, "application/json", {"Idempotency-Key": f"fuzz-{number:08d}"})


def _api_values(parameter: Mapping[str, Any], walk: Walk) -> list[Any]:
    schema = parameter.get("schema", {})
    kinds = [schema, *schema.get("anyOf", [])]
    for kind in kinds:
        if "enum" in kind:
            return [*kind["enum"], "nonsense"]
        if kind.get("type") == "boolean":
            return ["true", "false"]
        if kind.get("type") == "integer":
            return [1, 3, 200, 0, 201]
        if kind.get("format") == "date":
            return (
                ["2019-06-01", "2020-01-01", "9999-12-31", "x"]
                if parameter["name"] != "until"
                else ["2020-02-01", "2026-01-01"]
            )
        if kind.get("format") == "date-time":
            return ["2020-01-01T00:00:00Z", "x"]
    return walk.values(parameter["name"])


# --- all surfaces


@dataclass(frozen=True, slots=True)
class Visited:
    """What was visited of one surface."""

    surface: str
    addresses: int
    answers: int
    leaks: list[Leak]


def surfaces_of(caller: Caller) -> list[str]:
    """The surfaces on which a caller appears."""
    return [code for code, surface in SURFACES.items() if surface.audience == caller.audience]


def visit(
    stages: Stages,
    caller: Caller,
    depth: Depth,
    *,
    surface: str,
    home: Home,
    seed: int,
    most: int = MOST,
    flaw: str | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> Visited:
    """Walk through one surface as one caller, after somebody else, and as somebody who has not signed in; each makes at most `most` requests.

    `flaw`: a mistake of the surface's own (`flaws`); the walk then ends with the first thing that it finds.
    """
    one, two = stages.worlds[None], stages.worlds[caller, depth]
    places = stages.places[None], stages.places[caller, depth]
    with ExitStack() as stack:
        worlds = tuple(
            stack.enter_context(
                visitor(
                    surface,
                    conninfo=place,
                    home=home,
                    now=one.now,
                    more=None if flaw is None else _flawed(flaw, surface, place, home),
                )
            )
            for place in places
        )
        records = tuple(
            Records(stack.enter_context(connect(place, application="sekisho barrier fuzz")))
            for place in places
        )
        tell(f"{surface} {name_of(caller)}")
        somebody, nobody = _walks(
            surface, caller, depth, worlds, Pool(one, two, caller, seed), (one, two), most
        )
        for walk in (somebody, nobody):
            walk.records, walk.first = records, flaw is not None
            walk.start(_beginnings(walk))
            if walk.first and walk.leaks:
                break
        leaks = somebody.leaks + nobody.leaks + _logged(worlds, nobody.hidden, surface, name_of(caller))
        walks = (somebody, nobody)
        return Visited(
            surface, sum(len(walk.shapes) for walk in walks), sum(walk.answers for walk in walks), leaks
        )


def _walks(
    surface: str,
    caller: Caller,
    depth: Depth,
    worlds: tuple[Visitor, ...],
    pool: Pool,
    pair: tuple[World, World],
    most: int,
) -> tuple[Walk, Walk]:
    """The visitor's own walk, signed in, and nobody's: whoever is nobody knows what is public and no more."""
    public = next(one for one in callers() if one.audience == "public")
    left, right = worlds
    somebody = Walk(
        surface,
        name_of(caller),
        (left, right),
        pool,
        hidden_values(caller, *pair),
        depth,
        most,
        caller=caller,
    )
    nobody = Walk(surface, NOBODY, (left, right), pool, hidden_values(public, *pair), depth, most)
    if SURFACES[surface].audience == "public":
        nobody.caller = public
    before = _predecessor(caller)
    for world in worlds:
        somebody.headers = _enter(world, surface, caller, name_of(caller))
        somebody.predecessor = None if before is None else _enter(world, surface, before, BEFORE)
    return somebody, nobody


def _predecessor(caller: Caller) -> Caller | None:
    """Somebody else of the same audience who is told other things: another company, or for another purpose."""
    others = (
        one for one in callers() if one.audience == caller.audience and (one.company, one.purpose) != (caller.company, caller.purpose)
    )  # fmt: skip
    return next(others, None)


def _flawed(flaw: str, surface: str, place: str, home: Home) -> dict[str, str]:
    """The environment of a process that makes a mistake, with what it should never have been given."""
    audience = lender_of(surface)
    person = next(one for one in callers() if one.audience == audience)
    key = ticket_key(home, audience)
    lent = {
        "conninfo": login_conninfo(place, home, login_of(audience)), "key_id": key.key_id, "audience": audience, "secret": key.secret.hex(),
        "caller": {"audience": person.audience, "company": person.company, "person": person.person, "purpose": person.purpose},
    }  # fmt: skip
    return {"SEKISHO_FUZZ_FLAW": flaw, "SEKISHO_FUZZ_OWNER": place, "SEKISHO_FUZZ_LENT": json.dumps(lent)}


def _enter(world: Visitor, surface: str, caller: Caller, name: str) -> dict[str, str]:
    """Sign in, or take a token; nothing to do where everybody may come."""
    who = {"name": name, "person": caller.person, "company": caller.company, "audience": caller.audience, "purpose": caller.purpose,
           "case_no": caller.case_no}  # fmt: skip
    if surface == "retailer_api":
        return {"Authorization": f"Bearer {world.ask('client', **who)}"}
    if SURFACES[surface].signs_in:
        world.ask("sign in", **who)
    return {}


def _beginnings(walk: Walk) -> Iterator[Request]:
    """Where a walk begins. Both worlds are asked alike, so that both processes count alike."""
    if walk.surface == "retailer_api":
        asked = Request("GET", "/api/v1/openapi.json", headers=walk.headers)
        document, _ = (world.request(walk.name, asked) for world in walk.worlds)
        described, _ = json.JSONDecoder().raw_decode(document.body.decode())  # whatever a flaw puts behind it
        yield from operations(described, walk)
    else:
        routes, _ = (world.ask("routes") for world in walk.worlds)
        yield from addresses(routes, walk)


def _logged(
    worlds: Iterable[Visitor], hidden: Mapping[str, tuple[str, str]], surface: str, who: str
) -> list[Leak]:
    """Tokens in what the processes wrote to their logs: of any world's cells, for nobody's data belongs there."""
    leaks = []
    for world in worlds:
        text = world.log.read_text(encoding="utf-8", errors="replace")
        origins = {token: hidden[token] for token in sorted(scan(text)) if token in hidden}
        if origins:
            leaks.append(Leak(CANARY, who, f"{surface} log", {}, None, "", "", origins))
    return leaks
