"""The throw-away databases of one run: the world, and for each caller and depth its twin."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from sekisho.barrier.connect import connect
from sekisho.barrier.fuzz.people import Office, admit
from sekisho.barrier.fuzz.replay import stage
from sekisho.barrier.fuzz.twins import Depth, depths, make_twin
from sekisho.barrier.fuzz.worlds import World, make_world
from sekisho.barrier.proof.scratch import Build, throw_away
from sekisho.barrier.ticket import Caller, TicketKey
from sekisho.kernel.errors import EnvironmentFault


class UnableToFuzz(EnvironmentFault):
    """The fuzz asks as every login in turn and breaks things on purpose: it needs a superuser on a server for trials."""


@dataclass(slots=True)
class Stages:
    """Where each world stands. `worlds[None]` is the first world, shared by all; the others are its twins."""

    office: Office
    template: str
    worlds: dict[tuple[Caller, Depth] | None, World] = field(default_factory=dict)
    places: dict[tuple[Caller, Depth] | None, str] = field(default_factory=dict)

    def pairs(self) -> list[tuple[Caller, Depth]]:
        """Who is compared, at which depth."""
        return [key for key in self.worlds if key is not None]


def pairs_of(callers: Iterable[Caller]) -> list[tuple[Caller, Depth]]:
    """Every caller at every depth that means something to them."""
    return [(caller, depth) for caller in callers for depth in depths(caller)]


@contextmanager
def staged(
    conninfo: str, *, build: Build | None, template: str | None = None, pairs: Iterable[tuple[Caller, Depth]], seed: int, now: datetime, keys: dict[str, TicketKey],
    tell: Callable[[str], None] = lambda _: None,
) -> Iterator[Stages]:  # fmt: skip
    """Build the platform once, and a copy for every world; all are dropped at the end.

    `template` names an installed, empty database that is copied instead of building one; nobody may be connected to it.
    """
    with ExitStack() as stack:
        found = Stages(Office(keys, now), template_of(stack, conninfo, build, template))
        world = make_world(seed=seed, now=now)
        admit(world)
        found.worlds[None] = world
        for caller, depth in pairs:
            found.worlds[caller, depth] = make_twin(world, caller, depth=depth, seed=seed)
        for key, one in found.worlds.items():
            tell("" if key is None else f"{key[0].audience}/{key[0].purpose}")
            found.places[key] = stack.enter_context(throw_away(conninfo, template=found.template))
            with connect(found.places[key], application="sekisho barrier fuzz") as conn:
                _close_database(conn, found.template)
                stage(conn, one, keys)
        yield found


def _close_database(conn: psycopg.Connection, template: str) -> None:
    """A copied database has the privileges of a new one, not those of the database it was copied from."""
    name = sql.Identifier(conn.info.dbname)
    conn.execute(sql.SQL("revoke all on database {} from public").format(name))
    admitted = conn.execute(
        "select pg_get_userbyid(a.grantee) from pg_database d, aclexplode(d.datacl) a"
        " where d.datname = %s and a.privilege_type = 'CONNECT' and a.grantee not in (0, d.datdba)",
        [template],
    ).fetchall()
    for (login,) in admitted:
        conn.execute(sql.SQL("grant connect on database {} to {}").format(name, sql.Identifier(login)))


def template_of(stack: ExitStack, conninfo: str, build: Build | None, template: str | None) -> str:
    """The name of an installed, empty database: the one given, or one built now and dropped when `stack` closes."""
    require_superuser(conninfo)
    if template is not None:
        return template
    if build is None:
        raise ValueError("neither a template nor a way to build one")
    place = stack.enter_context(throw_away(conninfo))
    build(place)
    return str(conninfo_to_dict(place)["dbname"])


def require_superuser(conninfo: str) -> None:
    """Raises `UnableToFuzz` where `conninfo` names a login that may not become every other."""
    with connect(conninfo) as conn:
        row = conn.execute("select rolsuper from pg_roles where rolname = session_user").fetchone()
    if row != (True,):
        raise UnableToFuzz(
            "二重実行検査は管理者(superuser)の接続で、試験用のサーバーに対して行ってください。",
            "Run the fuzz with a superuser's connection, on a server for trials.",
        )


@contextmanager
def opened(stages: Stages) -> Iterator[dict[tuple[Caller, Depth] | None, psycopg.Connection]]:
    """A connection to every world, opened when first asked for."""
    with ExitStack() as stack:
        yield _Doors(stages, stack)


class _Doors(dict[tuple[Caller, Depth] | None, psycopg.Connection]):
    def __init__(self, stages: Stages, stack: ExitStack) -> None:
        super().__init__()
        self._stages, self._stack = stages, stack

    def __missing__(self, key: tuple[Caller, Depth] | None) -> psycopg.Connection:
        self[key] = self._stack.enter_context(
            connect(self._stages.places[key], application="sekisho barrier fuzz")
        )
        return self[key]
