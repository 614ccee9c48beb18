"""Large files: asked for on a page, written by the worker through the gates as the person who asked.

A file grows part by part. Each part is read page by page with its passages, sealed, and stored with the place where the next one begins, in
one transaction: killed at any moment, the worker goes on behind the last whole part, and at most that part's pages are read, and recorded,
twice. Between two parts the worker looks after other commands.
"""

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from sekisho.barrier.gateway import Gateway, Page, UnableToRead
from sekisho.barrier.ticket import Caller
from sekisho.kernel.errors import SekishoError
from sekisho.registry import gates as registry
from sekisho.settings.deploy import login_conninfo, ticket_key
from sekisho.settings.exportable import EXPORTABLE, Exportable, UnableToExport, carried
from sekisho.settings.home import Home
from sekisho.settings.secrets import export_key
from sekisho.settings.surfaces import SURFACES
from sekisho.work import payload as read
from sekisho.work.csvfiles import FORMS, Form, csv_lines, encoded, unencodable, written
from sekisho.work.parts import PartOf, open_part, seal_part
from sekisho.work.queue import Command, Handler

log = logging.getLogger(__name__)

EXPORTING = SURFACES["retailer_web"]
"""The surface whose people ask for files, and whose login reads them."""

RECEIVING = (EXPORTING, SURFACES["security_web"])
"""The surfaces whose people receive sealed files: large ones, and those of findings."""

KEPT = timedelta(days=7)
"""How long a finished file waits for the person who asked."""
MOST_OPEN = 5
PAGES, PAGE = 25, 200
"""Pages of a part, and rows of a page (the most that a gate gives)."""
MAX_ATTEMPTS = 5
SHOWN_FAULTS = 50


def export_secrets(home: Home) -> list[str]:
    """The secrets that a worker needs to write files, made if they are missing."""
    ticket_key(home, EXPORTING.audience)
    for surface in RECEIVING:
        export_key(home, surface.audience)
    return [
        f"logins/{EXPORTING.login}",
        f"tickets/{EXPORTING.audience}",
        *(f"exports/{surface.audience}" for surface in RECEIVING),
    ]


def has_secrets(home: Home | None) -> bool:
    """Whether this worker may write files."""
    if home is None:
        return False
    login = home.secret_path(name=f"logins/{EXPORTING.login}")
    return login.exists() and home.secret_path(name=f"tickets/{EXPORTING.audience}").exists()


def handlers(home: Home | None) -> Mapping[str, Handler]:
    """The commands over files. A worker without the secrets refuses them at once, instead of letting them wait for ever."""

    def ask(conn: psycopg.Connection, command: Command, _: datetime) -> Mapping[str, Any]:
        if not has_secrets(home):
            raise UnableToExport(
                "この環境ではファイルの作成を受け付けていません。", "Files are not made here."
            )
        return _ask(conn, command)

    return {"work.ask_export": ask, "work.drop_export": _drop}


def _ask(conn: psycopg.Connection, command: Command) -> Mapping[str, Any]:
    asked = command.payload
    kind, form = read.text(asked, "kind"), read.text(asked, "form")
    if kind not in EXPORTABLE or form not in FORMS:
        raise UnableToExport("このファイルは作れません。", f"There is no file {kind!r} in form {form!r}.")
    params = carried(EXPORTABLE[kind].params(asked.get("params") or {}))
    whose = [command.audience, command.company, command.person]
    waiting = conn.execute(
        "select count(*) from work.export where audience = %s and company = %s and person = %s and state in ('queued', 'running')",
        whose,
    ).fetchone()
    if waiting is not None and waiting[0] >= MOST_OPEN:
        raise UnableToExport(
            f"作成中のファイルが {MOST_OPEN} 件あります。終わるのを待つか、取り消してください。",
            f"{MOST_OPEN} files are being made. Wait for them or cancel one.",
        )
    words = params | {"language": "en" if asked.get("language") == "en" else "ja"}
    conn.execute(
        "insert into work.export (export_no, kind, form, params, audience, company, person, purpose, asked_at)"
        " values (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
        [command.command_no, kind, form, Jsonb(words), *whose, command.purpose, command.submitted_at],
    )
    return {"export_no": command.command_no}


def _drop(conn: psycopg.Connection, command: Command, now: datetime) -> Mapping[str, Any]:
    export_no = read.text(command.payload, "export_no")
    done = conn.execute(
        "update work.export set state = case when state = 'ready' then 'expired' else 'cancelled' end, finished_at = coalesce(finished_at, %s)"
        " where export_no::text = %s and audience = %s and company = %s and person = %s and state in ('queued', 'running', 'ready')"
        " returning export_no",
        [now, export_no, command.audience, command.company, command.person],
    ).fetchone()
    if done is None:
        raise UnableToExport("このファイルは取り消せません。", "This file cannot be cancelled.")
    conn.execute("delete from work.export_part where export_no = %s", done)
    return {"export_no": export_no}


@dataclass(frozen=True, slots=True)
class Job:
    """One file that is being written. `resume_key` is where the next part begins; None: at the start."""

    export_no: str
    kind: str
    form: Form
    params: dict[str, Any]
    audience: str
    company: str
    person: str
    purpose: str
    state: str
    row_count: int
    parts: int
    attempts: int
    resume_key: list[str] | None

    @property
    def what(self) -> Exportable:
        """Its kind."""
        return EXPORTABLE[self.kind]

    @property
    def caller(self) -> Caller:
        """The person who asked: the gates decide what they see now, not when they asked."""
        return Caller(audience=self.audience, company=self.company, person=self.person, purpose=self.purpose)

    @property
    def whose(self) -> PartOf:
        """What its parts are bound to."""
        return PartOf(export_no=self.export_no, company=self.company, person=self.person)


class UnableToGoOn(SekishoError):
    """The file cannot be finished; the message is for the person who asked."""


class Refused(Exception):
    """A gate refused a page for a reason that passes by itself."""


_TAKE = """
select export_no::text, kind, form, params, audience, company, person, purpose, state, row_count, parts,
       coalesce((outcome ->> 'attempts')::integer, 0) as attempts, resume_key
  from work.export where state in ('queued', 'running') order by parts, asked_at, export_no limit 1 for update skip locked"""


@dataclass
class Exporter:
    """Writes files, a part at a time. Its gateway is opened at the first file."""

    conninfo: str
    home: Home
    clock: Callable[[], datetime]
    pages: int = PAGES
    _gateway: Gateway | None = field(default=None, init=False)

    def close(self) -> None:
        """Give the connections back."""
        if self._gateway is not None:
            self._gateway.close()
            self._gateway = None

    def step(self, conn: psycopg.Connection) -> bool:
        """Write one part of the file that has got least so far; False when there is nothing to do, or nothing that can be done now."""
        job: Job | None = None
        try:
            with conn.transaction():
                with conn.cursor(row_factory=class_row(Job)) as cursor:
                    job = cursor.execute(_TAKE).fetchone()
                if job is None:
                    return False
                self._write_part(conn, job)
        except UnableToGoOn as fault:
            assert job is not None  # noqa: S101 – only a job's part raises it
            _fail(conn, job, fault, self.clock())
        except (Refused, UnableToRead):
            return False  # the ledger is behind, or the database away: the part is written later
        except psycopg.OperationalError:
            raise
        except Exception:
            assert job is not None  # noqa: S101 – only a job's part raises it
            log.exception("export failed", extra={"export_no": job.export_no, "kind": job.kind})
            return _count_attempt(conn, job, self.clock())
        return True

    def expire(self, conn: psycopg.Connection) -> int:
        """Delete files whose days are over; returns how many."""
        with conn.transaction():
            over = conn.execute(
                "update work.export set state = 'expired' where state = 'ready' and expires_at <= %s returning export_no",
                [self.clock()],
            ).fetchall()
            conn.execute("delete from work.export_part where export_no = any(%s)", [[row[0] for row in over]])
        return len(over)

    # --- one part

    def _door(self) -> Gateway:
        if self._gateway is None:
            own = login_conninfo(self.conninfo, self.home, EXPORTING.login)
            key = ticket_key(self.home, EXPORTING.audience)
            self._gateway = Gateway(own, key, application="sekisho export", max_connections=2)
        return self._gateway

    def _write_part(self, conn: psycopg.Connection, job: Job) -> None:
        total = self._total(job) if job.state == "queued" else None
        rows, key = self._rows(conn, job)
        text = _text(job, rows)
        part_no = job.parts + 1
        secret = export_key(self.home, job.audience)
        body = seal_part(text, secret=secret, of=job.whose, part_no=part_no)
        conn.execute(
            "insert into work.export_part (export_no, part_no, audience, company, person, body) values (%s, %s, %s, %s, %s, %s)",
            [job.export_no, part_no, job.audience, job.company, job.person, body],
        )
        conn.execute(
            "update work.export set state = 'running', started_at = coalesce(started_at, %(now)s), total = coalesce(%(total)s, total),"
            " row_count = row_count + %(rows)s, parts = %(part)s, bytes = bytes + %(bytes)s, resume_key = %(key)s, outcome = null"
            " where export_no = %(no)s",
            {"now": self.clock(), "total": total, "rows": len(rows), "part": part_no, "bytes": len(text),
             "key": None if key is None else Jsonb(key), "no": job.export_no},
        )  # fmt: skip
        if key is None:
            self._finish(conn, job, part_no, secret)

    def _rows(self, conn: psycopg.Connection, job: Job) -> tuple[list[Any], list[str] | None]:
        """The rows of the next part and the key behind them. INVARIANT: a page that was refused is not taken for an empty one."""
        rows: list[Any] = []
        key = job.resume_key
        began = conn.execute("select barrier.now()").fetchone()
        request_id = f"export-{job.export_no}-{job.parts + 1}"
        given = job.what.params(job.params)
        for _ in range(self.pages):
            page = Page(job.what.sort, False, PAGE - 1, key)
            found = self._door().page(
                job.what.gate, job.caller, page, now=self.clock(), request_id=request_id, **given
            )
            rows += found.rows
            key = found.next_key
            if key is None:
                break
        refused = conn.execute(
            "select verdict from ledger.passage where at >= %s and request_id = %s and verdict <> 'passed' limit 1",
            [*(began or ()), request_id],
        ).fetchone()
        if refused is not None and refused[0] == "refused:ledger-behind":
            raise Refused
        if refused is not None:
            raise UnableToGoOn(
                "権限が終わったため、作成を止めました。", "Your permit has ended; the file was not finished."
            )
        return rows, key

    def _total(self, job: Job) -> int | None:
        """How many rows will come, where a gate tells it: for all contracts of a state."""
        if job.kind != "contracts" or job.params.keys() - {"state", "language"}:
            return None
        found = self._door().read(registry.PORTFOLIO, job.caller, now=self.clock())
        if not found:
            return None
        states = {"running": found[0].contracts, "ended": found[0].ended}
        return states.get(str(job.params["state"])) if "state" in job.params else sum(states.values())

    def _finish(self, conn: psycopg.Connection, job: Job, parts: int, secret: bytes) -> None:
        digest = hashlib.sha256()
        for part_no in range(1, parts + 1):
            row = conn.execute(
                "select body from work.export_part where export_no = %s and part_no = %s",
                [job.export_no, part_no],
            ).fetchone()
            assert row is not None  # noqa: S101 – written above, or by an earlier step
            digest.update(open_part(row[0], secret=secret, of=job.whose, part_no=part_no))
        now = self.clock()
        conn.execute(
            "update work.export set state = 'ready', finished_at = %s, expires_at = %s, sha256 = %s, resume_key = null where export_no = %s",
            [now, now + KEPT, digest.hexdigest(), job.export_no],
        )


def _text(job: Job, rows: Sequence[Any]) -> bytes:
    """A part of the file; the first begins with the headings."""
    fields = job.what.fields
    lines = [[written(one.value(row), form=job.form) for one in fields] for row in rows]
    if job.form == "sjis":
        _refuse_unencodable(job, lines)
    if job.parts == 0:
        english = job.params.get("language") == "en"
        lines.insert(
            0, [one.name if job.form == "machine" else one.en if english else one.ja for one in fields]
        )
    return encoded(csv_lines(lines), form=job.form, first=job.parts == 0)


def _refuse_unencodable(job: Job, lines: Sequence[Sequence[str]]) -> None:
    found = [
        (number, one, chars)
        for number, line in enumerate(lines, job.row_count + 2)
        for one, value in zip(job.what.fields, line, strict=True)
        if (chars := unencodable(value))
    ]
    if found:
        ja = "、".join(f"{number}行目 {one.ja}「{chars}」" for number, one, chars in found[:SHOWN_FAULTS])
        en = ", ".join(f"line {number} {one.en} “{chars}”" for number, one, chars in found[:SHOWN_FAULTS])
        raise UnableToGoOn(
            f"Shift_JIS(CP932)にない文字があります。別の形式で作成してください: {ja}",
            f"Characters that Shift_JIS (CP932) does not have; ask for another form: {en}",
        )


def _fail(conn: psycopg.Connection, job: Job, fault: SekishoError, now: datetime) -> None:
    with conn.transaction():
        conn.execute(
            "update work.export set state = 'failed', finished_at = %s, outcome = %s, resume_key = null where export_no = %s"
            " and state in ('queued', 'running')",
            [now, Jsonb({"ja": fault.ja, "en": fault.en}), job.export_no],
        )
        conn.execute("delete from work.export_part where export_no = %s", [job.export_no])


def _count_attempt(conn: psycopg.Connection, job: Job, now: datetime) -> bool:
    """A defect: the part is tried a few times, then the file is given up. False: wait before the next try."""
    tried = Jsonb({"attempts": job.attempts + 1})
    conn.execute("update work.export set outcome = %s where export_no = %s", [tried, job.export_no])
    if job.attempts + 1 < MAX_ATTEMPTS:
        return False
    words = UnableToGoOn(
        "作成中に障害が起きました。担当に知らせてください。",
        "The file could not be made. Tell the operators.",
    )
    _fail(conn, job, cast(SekishoError, words), now)
    return True
