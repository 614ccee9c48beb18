"""A witness: somebody else's small server that has seen the log grow and will not sign two histories.

The protocol is C2SP tlog-witness (2026-07): `POST /add-checkpoint` and `GET /<origin hash>/checkpoint`. A
witness keeps, per log, the size and root it last cosigned; it signs a checkpoint only with a proof that the
new tree begins with that one. Run by a regulator, an auditor or a neighbouring utility, it makes a
rewritten log visible even to those who never looked before.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.merkle import EMPTY_ROOT, HASH_BYTES, is_consistent
from sekisho.ledger.notes import (
    ED25519,
    Checkpoint,
    Note,
    Signer,
    UnableToReadNote,
    UnableToTrustNote,
    Verifier,
    decode_base64,
    parse_checkpoint,
    parse_decimal,
    parse_note,
    trusted,
)

SIZE_TYPE: Final = "text/x.tlog.size"
_TEXT: Final = "text/plain; charset=utf-8"
_MAX_PROOF: Final = 63
_MAX_REQUEST_BYTES: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: str = ""
    content_type: str = _TEXT


@dataclass(frozen=True, slots=True)
class Submission:
    """An add-checkpoint request: the old size, the consistency proof, the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note
    head: Checkpoint


class _Refused(Exception):
    def __init__(self, status: HTTPStatus, body: str, content_type: str = _TEXT) -> None:
        super().__init__(body)
        self.reply = Reply(status, body + "\n", content_type)


def parse_submission(body: bytes) -> Submission:
    """Read a request; raise `UnableToReadNote`."""
    try:
        top, gap, rest = body.decode("utf-8").partition("\n\n")
    except UnicodeDecodeError as fault:
        raise UnableToReadNote("UTF-8 ではありません", "not UTF-8") from fault
    lines = top.split("\n")
    hashes = [decode_base64(line) for line in lines[1:]]
    proof = tuple(value for value in hashes if value is not None and len(value) == HASH_BYTES)
    if not gap or not lines[0].startswith("old ") or len(proof) != len(hashes) or len(proof) > _MAX_PROOF:
        raise UnableToReadNote("add-checkpoint の形式ではありません", "not an add-checkpoint request")
    note = parse_note(rest)
    return Submission(parse_decimal(lines[0].removeprefix("old ")), proof, note, parse_checkpoint(note.text))


class Witness:
    """Decides and remembers. `clock` gives POSIX seconds; the state lies in one SQLite file."""

    def __init__(
        self, *, state: Path, signers: Sequence[Signer], logs: Sequence[Verifier], clock: Callable[[], float]
    ) -> None:
        if not signers or any(signer.kind == ED25519 for signer in signers):
            raise WrongUse(
                "証人の鍵は連署用(種類 4 または 6)でなければなりません。",
                "A witness needs a cosigner's key (kind 4 or 6).",
            )
        self._state = state
        self._signers = signers
        self._logs = logs
        self._clock = clock
        with self._database() as database:
            database.execute(
                "create table if not exists seen (origin text primary key, size integer not null,"
                " root blob not null, note text)"
            )

    def add_checkpoint(self, body: bytes) -> Reply:
        """Answer an add-checkpoint request."""
        try:
            asked = parse_submission(body)
            self._check_signed(asked)
            return self._cosign(asked)
        except UnableToReadNote as fault:
            return Reply(HTTPStatus.BAD_REQUEST, fault.en + "\n")
        except _Refused as refused:
            return refused.reply

    def checkpoint(self, origin_hash: str) -> Reply:
        """Answer a monitor: the latest cosigned checkpoint of a log."""
        with self._database() as database:
            rows = database.execute("select origin, note from seen where note is not null").fetchall()
        for origin, note in rows:
            if hashlib.sha256(origin.encode()).hexdigest() == origin_hash:
                return Reply(HTTPStatus.OK, note)
        return Reply(HTTPStatus.NOT_FOUND, "no such log\n")

    def _check_signed(self, asked: Submission) -> None:
        keys = [key for key in self._logs if key.name == asked.head.origin]
        if not keys:
            raise _Refused(HTTPStatus.NOT_FOUND, "unknown log")
        try:
            trusted(note=asked.note, verifiers=keys)
        except UnableToTrustNote as fault:
            raise _Refused(HTTPStatus.FORBIDDEN, fault.en) from fault
        if asked.old > asked.head.size:
            raise _Refused(HTTPStatus.BAD_REQUEST, "the old size exceeds the checkpoint's")

    def _cosign(self, asked: Submission) -> Reply:
        head = asked.head
        # One transaction around reading, checking and writing, and SQLite lets one writer in: two requests
        # cannot both start from the same size and roll each other back.
        with self._database() as database:
            database.execute("begin immediate")
            row = database.execute("select size, root from seen where origin = ?", (head.origin,)).fetchone()
            size, root = row or (0, EMPTY_ROOT)
            _check_grown(asked, size, root)
            database.execute(
                "insert into seen (origin, size, root) values (?, ?, ?)"
                " on conflict (origin) do update set size = excluded.size, root = excluded.root",
                (head.origin, head.size, head.root),
            )
            database.execute("commit")
        # INVARIANT: only what is durable is signed. Dying here leaves a checkpoint remembered and unsigned,
        # and the log asks again with the same size; the other way round two histories could both carry our
        # name.
        now = int(self._clock())
        signatures = [signer.sign(text=asked.note.text, time=now) for signer in self._signers]
        self._keep_note(asked, asked.note.with_signatures(signatures))
        return Reply(HTTPStatus.OK, "".join(signature.line for signature in signatures))

    def _keep_note(self, asked: Submission, note: Note) -> None:
        with self._database() as database:
            database.execute(
                "update seen set note = ? where origin = ? and size = ?",
                (str(note), asked.head.origin, asked.head.size),
            )

    @contextmanager
    def _database(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._state, isolation_level=None, timeout=30)) as database:
            database.execute("pragma synchronous = full")
            yield database


def _check_grown(asked: Submission, size: int, root: bytes) -> None:
    head = asked.head
    if asked.old != size:
        raise _Refused(HTTPStatus.CONFLICT, str(size), SIZE_TYPE)
    if head.size == 0 and head.root != EMPTY_ROOT:
        raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "an empty tree has another root")
    if asked.old == 0 and head.size > 0:
        holds = not asked.proof
    elif asked.old == head.size:
        holds = not asked.proof and root == head.root
    else:
        holds = is_consistent(old=size, new=head.size, old_root=root, new_root=head.root, proof=asked.proof)
    if not holds:
        raise _Refused(HTTPStatus.UNPROCESSABLE_ENTITY, "the tree does not continue the one cosigned before")


def server(*, witness: Witness, address: tuple[str, int]) -> ThreadingHTTPServer:
    """Return a bound HTTP server; `serve_forever` runs it."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 30

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "")
            if self.path != "/add-checkpoint":
                self._answer(Reply(HTTPStatus.NOT_FOUND, "no such path\n"))
            elif not length.isdecimal() or int(length) > _MAX_REQUEST_BYTES:
                self.close_connection = True
                self._answer(Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "a length up to 1 MiB is needed\n"))
            else:
                self._answer(witness.add_checkpoint(self.rfile.read(int(length))))

        def do_GET(self) -> None:
            origin_hash, _, name = self.path.removeprefix("/").partition("/")
            known = name == "checkpoint"
            self._answer(
                witness.checkpoint(origin_hash) if known else Reply(HTTPStatus.NOT_FOUND, "no such path\n")
            )

        def _answer(self, reply: Reply) -> None:
            body = reply.body.encode()
            self.send_response(reply.status)
            self.send_header("Content-Type", reply.content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing: requests hold no news beyond the state, and stderr is for faults."""

    return ThreadingHTTPServer(address, Handler)


def submission(*, old: int, proof: Sequence[bytes], note: Note) -> bytes:
    """Return an add-checkpoint request."""
    lines = [f"old {old}", *(base64.b64encode(value).decode() for value in proof)]
    return ("\n".join(lines) + "\n\n" + str(note)).encode()
