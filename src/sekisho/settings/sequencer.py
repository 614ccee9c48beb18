"""The sequencer as a process: seals the passage log, watches its own lag, and answers for it on a loopback port.

The port has `/healthz`, `/readyz` (the first round is done) and `/metrics`. What is measured is asked of the database at each scrape, on a
connection of its own: a sequencer that waits for its witnesses still says how far behind it is.
"""

import logging
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psycopg
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sekisho.barrier.connect import connect, prepare
from sekisho.ledger.log import UnableToCosign
from sekisho.ledger.sequencer import Step, lag, unsealed
from sekisho.ledger.site import Site
from sekisho.settings.lag import LOOK_EVERY, LagWatch
from sekisho.settings.obligations import open_obligations

log = logging.getLogger(__name__)


@dataclass
class SequencerProcess:
    """One sequencer. `listen` is where it answers; None: nowhere."""

    conninfo: str
    site: Site
    stop: threading.Event
    quorum: int | None = None
    listen: tuple[str, int] | None = None
    ready: threading.Event = field(default_factory=threading.Event, init=False)
    _cosigned: bool = field(default=True, init=False)

    def run(self) -> None:
        """Seal until `stop` is set. Any error but a lack of cosignatures ends it; a restart goes on where it was."""
        with self._answering(), self._watching():
            self.site.follow(
                connect=self._connect,
                stop=self.stop,
                report=self._report,
                quorum=self.quorum,
                announced=self._may_listen(),
            )

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(prepare(self.conninfo, application="sekisho sequencer"), autocommit=True)

    def _may_listen(self) -> bool:
        with connect(self.conninfo, application="sekisho sequencer") as conn:
            still = {one.name for one in open_obligations(conn)} & {"replication", "standby-snapshot"}
        if still:
            log.warning(
                "rolled-back readings are not recorded: sekisho db doctor names the right that is missing"
            )
        return not still

    def _report(self, event: Step | UnableToCosign) -> None:
        self.ready.set()
        if isinstance(event, UnableToCosign) == self._cosigned:
            self._cosigned = not self._cosigned
            if self._cosigned:
                log.info("witnesses cosign again")
            else:
                log.warning("too few witnesses cosign; the log is not published")

    @contextmanager
    def _watching(self) -> Iterator[None]:
        ended = threading.Event()
        thread = threading.Thread(target=self._watch, args=(ended,), name="lag")
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _watch(self, ended: threading.Event) -> None:
        watch = LagWatch()
        while not ended.is_set():
            try:
                with connect(self.conninfo, application="sekisho sequencer lag") as conn:
                    while not ended.wait(LOOK_EVERY / 2):
                        watch.look(conn)
            except psycopg.OperationalError:
                ended.wait(LOOK_EVERY)  # the sealing loop ends for the same reason, and says so

    @contextmanager
    def _answering(self) -> Iterator[None]:
        if self.listen is None:
            yield
            return
        registry = CollectorRegistry()
        registry.register(LagCollector(self.conninfo, self.site))
        server = ThreadingHTTPServer(self.listen, _handler(registry, self.ready))
        thread = threading.Thread(target=server.serve_forever, name="answers")
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


@dataclass(frozen=True)
class LagCollector(Collector):
    """Measures at each scrape. A log that was never sealed is infinitely behind, so that an alert on the lag fires."""

    conninfo: str
    site: Site

    def collect(self) -> Iterable[Metric]:
        """The lag, the last checkpoint, and what waits."""
        with connect(self.conninfo, application="sekisho sequencer metrics") as conn:
            found, waiting = lag(connection=conn), unsealed(connection=conn)
        yield _gauge("sekisho_ledger_lag_seconds", "Age of the last seal", _seconds(found.behind, math.inf))
        yield _gauge(
            "sekisho_ledger_checkpoint_size", "Entries under the published checkpoint", found.published
        )
        yield _gauge(
            "sekisho_ledger_checkpoint_timestamp_seconds", "When it was written", self.site.published_at or 0
        )
        yield _gauge(
            "sekisho_ledger_unsealed_passages", "Committed passages under no published checkpoint", waiting
        )
        yield _gauge("sekisho_ledger_gates_open", "1 while gates answer", int(found.open))
        if found.max_lag is not None:
            yield _gauge(
                "sekisho_ledger_max_lag_seconds",
                "Gates refuse beyond this lag",
                found.max_lag.total_seconds(),
            )


def _seconds(span: timedelta | None, otherwise: float) -> float:
    return otherwise if span is None else max(0.0, span.total_seconds())


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _handler(registry: CollectorRegistry, ready: threading.Event) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Three addresses, and nothing that a client sends is used."""

        def do_GET(self) -> None:
            match self.path:
                case "/healthz":
                    self._answer(200, b"ok\n", "text/plain")
                case "/readyz":
                    self._answer(200 if ready.is_set() else 503, b"", "text/plain")
                case "/metrics":
                    self._measure()
                case _:
                    self._answer(404, b"", "text/plain")

        def _measure(self) -> None:
            try:
                self._answer(200, generate_latest(registry), CONTENT_TYPE_LATEST)
            except psycopg.OperationalError:
                self._answer(503, b"", "text/plain")

        def _answer(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing: scrapes are no events."""

    return Handler
