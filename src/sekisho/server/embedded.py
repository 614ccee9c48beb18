"""The embedded PostgreSQL server of one home directory."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from sekisho.kernel.errors import EnvironmentFault
from sekisho.server import addresses, cluster, configuration, postmaster, privileges
from sekisho.server.binaries import Binaries, packaged
from sekisho.server.cluster import SUPERUSER_SECRET, UnableToStartServer
from sekisho.server.locks import exclusive
from sekisho.settings.home import Home

_START_SECONDS = 120.0
_STOP_SECONDS = 120.0
_PAUSE_SECONDS = 0.02


class UnableToStopServer(EnvironmentFault):
    """PostgreSQL did not go down in time."""


class EmbeddedServer:
    """PostgreSQL of one home directory; any number of processes may hold one and call it at once.

    The server outlives the process that started it. `durable=False` is for data that are thrown away.
    """

    def __init__(self, home: Home, *, durable: bool = True, runner: privileges.Runner | None = None) -> None:
        self._home = home
        self._durable = durable
        self._runner = runner or privileges.choose()

    @property
    def data(self) -> Path:
        """The cluster's data directory."""
        return self._home.postgres / "data"

    @property
    def password_file(self) -> Path:
        """The superuser's password in libpq's `.pgpass` form."""
        return self._home.secret_path(name=SUPERUSER_SECRET)

    @property
    def version(self) -> str:
        """The programs' version, as `18.6`."""
        major, minor = packaged().version()
        return f"{major}.{minor}"

    def ensure_running(self) -> None:
        """Make the cluster and start its server where that has not been done; raise `UnableToStartServer`.

        Idempotent, and safe against other processes doing the same, a kill at any moment and a restart of the
        machine.
        """
        if self.is_running():
            return
        self._home.prepare()
        with exclusive(path=self._home.run / "server.lock"):
            if self.is_running():
                return
            binaries = self._runner.programs(packaged())
            cluster.initialise(home=self._home, runner=self._runner, binaries=binaries, durable=self._durable)
            cluster.refuse_other_major(data=self.data, binaries=binaries)
            self._clear_remains()
            self._start(binaries)

    def is_running(self) -> bool:
        """Does the server accept connections?"""
        found = postmaster.read_postmaster(data=self.data)
        return found is not None and found.ready and postmaster.is_server(pid=found.pid, data=self.data)

    def stop(self) -> bool:
        """Stop the server, ending its connections; return whether there was one to stop."""
        if not self._home.run.is_dir():
            return False
        with exclusive(path=self._home.run / "server.lock"):
            pid = postmaster.pid_in_file(data=self.data)
            if pid is None or not postmaster.is_server(pid=pid, data=self.data):
                return False
            os.kill(pid, signal.SIGINT)  # "fast": sessions are rolled back, everything is written
            if not _wait(lambda: not postmaster.is_server(pid=pid, data=self.data), _STOP_SECONDS):
                raise UnableToStopServer(
                    f"PostgreSQL(プロセス {pid})が {_STOP_SECONDS:.0f} 秒以内に停止しません。",
                    f"PostgreSQL (process {pid}) did not stop within {_STOP_SECONDS:.0f} seconds.",
                )
            addresses.forget_socket_directory(home=self._home)
            return True

    def conninfo(self, dbname: str, *, user: str, passfile: Path) -> str:
        """Return a connection string over the Unix socket; the password stays in `passfile`."""
        found = self._found()
        return make_conninfo(
            host=found.socket_directory, port=found.port, user=user, dbname=dbname, passfile=str(passfile)
        )

    def superuser_conninfo(self, dbname: str = "postgres") -> str:
        """Return the superuser's connection string."""
        return self.conninfo(dbname, user=configuration.SUPERUSER, passfile=self.password_file)

    @property
    def address(self) -> tuple[str, int]:
        """Loopback host and port, for clients that do not speak over sockets."""
        return "127.0.0.1", self._found().port

    def create_database(self, name: str, *, template: str = "template1") -> bool:
        """Create a database as a copy of `template`; return False when it is there already."""
        statement = sql.SQL("create database {} template {}").format(
            sql.Identifier(name), sql.Identifier(template)
        )
        with psycopg.connect(self.superuser_conninfo(), autocommit=True) as connection:
            try:
                connection.execute(statement)
            # Two that create at once: the second is told by the catalog's unique index.
            except (psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
                return False
        return True

    def drop_database(self, name: str) -> None:
        """Drop a database if it is there, ending its connections."""
        statement = sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name))
        with psycopg.connect(self.superuser_conninfo(), autocommit=True) as connection:
            connection.execute(statement)

    def _found(self) -> postmaster.Postmaster:
        found = postmaster.read_postmaster(data=self.data)
        if found is None:
            raise UnableToStartServer(
                f"{self._home.root} の PostgreSQL は動いていません。./sekisho db start で起動してください。",
                f"PostgreSQL of {self._home.root} is not running. Start it with ./sekisho db start.",
            )
        return found

    def _clear_remains(self) -> None:
        """Deal with what a kill or a restart of the machine left behind."""
        # INVARIANT: two servers never write one cluster. Backends of a killed postmaster end by themselves;
        # the pid file is removed only when no process of the cluster is left.
        if not postmaster.sees_processes():
            return
        if not _wait(lambda: not postmaster.remaining_processes(data=self.data), _STOP_SECONDS):
            pids = postmaster.remaining_processes(data=self.data)
            raise self._unable(f"processes of a killed server are still running: {pids}", self._home.log)
        (self.data / "postmaster.pid").unlink(missing_ok=True)
        # A killed server that nobody has reaped yet still counts as alive for PostgreSQL's own lock files.
        for remains in self._home.run.glob(".s.PGSQL.*"):
            remains.unlink()

    def _start(self, binaries: Binaries) -> None:
        log_directory = self._runner.log_directory(self._home)
        self._write_settings(log_directory)
        log = log_directory / "postgresql-start.log"
        log.unlink(missing_ok=True)
        command = [binaries.program("postgres"), "-D", str(self.data.resolve())]
        # The shell ends at once and leaves the server to init, so that it outlives us and is nobody's zombie.
        script = '"$@" </dev/null >"$0" 2>&1 &'
        self._runner.run(["/bin/sh", "-c", script, str(log), *command])
        started = time.monotonic()
        _wait(lambda: self.is_running() or self._gave_up(started), _START_SECONDS)
        if not self.is_running():
            raise self._unable(_last_words(log_directory), log_directory)

    def _gave_up(self, started: float) -> bool:
        # Once the process stands in its directory it either becomes ready or ends.
        return time.monotonic() > started + 2 and not postmaster.remaining_processes(data=self.data)

    def _write_settings(self, log_directory: Path) -> None:
        settings = configuration.server_settings(
            port=addresses.keep_port(home=self._home),
            socket_directory=addresses.socket_directory(home=self._home, runner=self._runner),
            log_directory=log_directory,
            durable=self._durable,
            memory_bytes=configuration.machine_memory_bytes(),
        )
        path = self.data / configuration.FILE_NAME
        path.write_text(configuration.render(settings=settings), encoding="utf-8")
        self._runner.own(path)
        self._runner.own(self.data / "pg_hba.conf")
        self._runner.own(self.data / "postgresql.conf")

    def _unable(self, reason: str, log: Path) -> UnableToStartServer:
        return UnableToStartServer(
            f"PostgreSQL を起動できません: {reason}(ログ: {log})",
            f"PostgreSQL cannot be started: {reason} (log: {log})",
        )


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_PAUSE_SECONDS)
    return True


def _last_words(log_directory: Path) -> str:
    """The ends of the two newest logs: what was said before and after the logger took over."""
    logs = sorted(log_directory.glob("postgresql-*.log"), key=lambda path: path.stat().st_mtime)[-2:]
    ends = (log.read_text(encoding="utf-8", errors="replace").splitlines()[-3:] for log in logs)
    return " | ".join(line for end in ends for line in end) or "no log"
