"""Surfaces as they run: a real process on a loopback port, and someone who signs in to it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from sekisho.server.addresses import free_port
from sekisho.settings.handover import hand_over
from sekisho.settings.home import Home
from surfaces.world import PASSWORD, TOTP_SECRET


@dataclass
class Running:
    """One surface process. `log` is what it has written, one JSON object a line besides the server's own lines."""

    surface: str
    url: str
    log: Path
    environ: dict[str, str] = field(default_factory=dict)
    clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """A browser without script that follows redirects. Closed with the surface."""
        # a connection for each request: one that is kept may be closed by the server in the moment it is used again
        limits = httpx.Limits(max_keepalive_connections=0)
        self.clients.append(httpx.Client(base_url=self.url, follow_redirects=True, timeout=30, limits=limits))
        return self.clients[-1]


Surface = Callable[[str], Running]
SignedIn = Callable[..., httpx.Client]


@contextmanager
def running(surface: str, *, home: Home, database: str, at: Path, **environ: str) -> Iterator[Running]:
    """Start a surface on the database at `database` (no secrets in it) with a home of its own below `at`."""
    port = free_port()
    hand_over(surface=surface, home=home, target=at / surface)
    log = at / f"{surface}-{port}.log"
    settings = {
        **{name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ},
        "SEKISHO_HOME": str(at / surface), "SEKISHO_DATABASE_URL": database, "SEKISHO_SURFACE": surface,
        "SEKISHO_ENVIRONMENT": "test", **environ,
    }  # fmt: skip
    command = [sys.executable, "-P", "-m", "gunicorn", f"--bind=127.0.0.1:{port}", "--threads=4", "--no-control-socket",
               "sekisho.settings.wsgi:application"]  # fmt: skip
    with log.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=settings)
    started = Running(surface, f"http://localhost:{port}", log, settings)
    try:
        _wait(started.url, process, log)
        yield started
    finally:
        for client in started.clients:
            client.close()
        process.terminate()
        process.wait(timeout=30)


def _wait(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            httpx.get(f"{url}/healthz").raise_for_status()
        except httpx.HTTPError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"the surface did not start: {log.read_text()[-3000:]}")


def token_in(page: httpx.Response) -> str:
    """The form token of a page."""
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def post(client: httpx.Client, path: str, *, page: str | None = None, **fields: str) -> httpx.Response:
    """Open the page of a form and send the form."""
    token = token_in(client.get(page or path))
    return client.post(path, data={**fields, "csrfmiddlewaretoken": token})


def sign_in(
    client: httpx.Client, person: str, *, password: str = PASSWORD, code: str | None = None
) -> httpx.Response:
    """Sign in with name, password and second factor; the page where that ends."""
    page = post(client, "/sign-in/", login=person, password=password)
    if "/second-factor/" not in str(page.url):
        return page
    return client.post(
        "/sign-in/second-factor/", data={"code": code or totp_now(), "csrfmiddlewaretoken": token_in(page)}
    )


def totp_now(secret: str = TOTP_SECRET) -> str:
    """The six digits that an authenticator shows now (RFC 6238). Not in the last second of a step."""
    import base64
    import hashlib
    import hmac

    if time.time() % 30 > 28.5:
        time.sleep(2)
    digest = hmac.new(
        base64.b32decode(secret), int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1
    ).digest()
    place = digest[-1] & 15
    return f"{int.from_bytes(digest[place : place + 4], 'big') % 2**31 % 10**6:06d}"
