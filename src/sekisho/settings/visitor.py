"""One surface process of the fuzz: answers requests that come in as lines of JSON, without a socket between.

It runs the surface's own Django, unchanged, with what would differ between two equal processes held still: the clock and the source of
random bytes (which starts anew for each request). Started as `python -m sekisho.settings.visitor` with a surface's environment.
"""

import hashlib
import json
import os
import random
import sys
import threading
import time
import uuid
from base64 import b64encode
from collections.abc import Iterator
from datetime import datetime
from typing import Any

_REQUESTS_A_MINUTE = 10**9
TOKEN = "fuzz-token-{person}"  # noqa: S105 – opens a throw-away database


class _Bytes:
    """Random bytes that are the same in every process for the same request. Threads that are not the request's draw from elsewhere."""

    def __init__(self) -> None:
        self._drawn = threading.local()

    def begin(self, number: int) -> None:
        self._drawn.number, self._drawn.count = number, 0

    def urandom(self, size: int) -> bytes:
        if not hasattr(self._drawn, "number"):
            self.begin(-threading.get_ident())
        self._drawn.count += 1
        return hashlib.shake_256(f"{self._drawn.number}:{self._drawn.count}".encode()).digest(size)

    def uuid4(self) -> uuid.UUID:
        return uuid.UUID(bytes=self.urandom(16), version=4)


def main() -> None:
    """Answer until the input ends."""
    source = _Bytes()
    os.urandom = source.urandom
    random._urandom = source.urandom  # type: ignore[attr-defined]
    uuid.uuid4 = source.uuid4
    now = datetime.fromisoformat(os.environ["SEKISHO_FUZZ_NOW"])
    os.environ["DJANGO_SETTINGS_MODULE"] = "sekisho.settings.django"
    import django

    django.setup()
    _hold_still(now)
    if flaw := os.environ.get("SEKISHO_FUZZ_FLAW"):
        from sekisho.settings.flaws import commit

        commit(flaw)
    visits = _Visits(now)
    number = 0
    for line in sys.stdin:
        asked = json.loads(line)
        number += asked["do"] == "request"
        source.begin(number)
        print(json.dumps(visits.answer(asked, number)), flush=True)


def _hold_still(now: datetime) -> None:
    from django.conf import settings
    from django.utils import timezone

    timezone.now = lambda: now
    settings.REQUESTS_PER_MINUTE = _REQUESTS_A_MINUTE
    settings.ALLOWED_HOSTS = ["testserver"]
    from sekisho.surfaces.kit import asking

    # there is no worker to wait for
    asking.outcome.__kwdefaults__ = {"seconds": 0.0}
    time.sleep = lambda _seconds: None


class _Visits:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._clients: dict[str, Any] = {}

    def answer(self, asked: dict[str, Any], number: int) -> Any:
        match asked["do"]:
            case "routes":
                return list(_routes())
            case "sign in":
                return self._sign_in(asked)
            case "client":
                return self._machine(asked)
        return self._request(asked, number)

    def _request(self, asked: dict[str, Any], number: int) -> dict[str, Any]:
        from django.test import Client

        client = self._clients.get(asked["person"]) or Client(raise_request_exception=False)
        body = asked.get("body", {})
        form = {"data": body} if asked["method"] == "POST" and asked.get("type") is None else {}
        sent = form or {
            "data": body if isinstance(body, str) else "",
            "content_type": asked.get("type") or "application/octet-stream",
        }
        ask = client.post if form else lambda path, **more: client.generic(asked["method"], path, **more)
        response = ask(
            asked["path"],
            headers=asked.get("headers", {}),
            REMOTE_ADDR=f"127.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}",
            **sent,
        )
        streamed: Any = response
        content = b"".join(streamed.streaming_content) if response.streaming else response.content
        return {
            "status": response.status_code,
            "headers": sorted(
                [
                    *response.items(),
                    *(("Set-Cookie", one.OutputString()) for one in response.cookies.values()),
                ]
            ),
            "body": b64encode(content).decode(),
        }

    def _sign_in(self, asked: dict[str, Any]) -> None:
        """A session as it stands after sign-in with a second factor, for a purpose."""
        from django.conf import settings
        from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY, get_user_model
        from django.contrib.sessions.backends.db import SessionStore
        from django.test import Client

        user, _ = get_user_model().objects.get_or_create(
            person=asked["person"], defaults={
                "username": asked["person"], "company": asked["company"], "audience": asked["audience"], "display_name": "試験 花子", "password": "!",
                "created_at": self._now, "created_by": "fuzz",
            },
        )  # fmt: skip
        session = SessionStore()
        moment = self._now.timestamp()
        session.update({
            SESSION_KEY: str(user.pk), BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0], HASH_SESSION_KEY: user.get_session_auth_hash(),
            "second_factor": True, "signed_in_at": moment, "seen_at": moment, "purpose": asked["purpose"], "case_no": asked["case_no"],
        })  # fmt: skip
        session.save()
        client = Client(raise_request_exception=False)
        client.cookies[settings.SESSION_COOKIE_NAME] = str(session.session_key)
        self._clients[asked["name"]] = client

    def _machine(self, asked: dict[str, Any]) -> str:
        """An API client of a company, and the token that it would have been given."""
        from datetime import timedelta

        from sekisho.clients.actions import hashed
        from sekisho.clients.models import Client, Token

        client, _ = Client.objects.get_or_create(
            client_id=f"c-{asked['person']}", defaults={
                "secret_hash": hashed("secret"), "company": asked["company"], "person": asked["person"], "label": "試験", "created_at": self._now,
                "created_by": "fuzz", "requests_per_minute": 10**6,
            },
        )  # fmt: skip
        token = TOKEN.format(person=asked["person"])
        Token.objects.get_or_create(
            token_hash=hashed(token),
            defaults={"client": client, "expires_at": self._now + timedelta(minutes=15)},
        )
        return token


def _routes() -> Iterator[dict[str, Any]]:
    """Every address of the surface: its pattern, and its parameters in order."""
    from django.urls import get_resolver

    def walk(patterns: Any, prefix: str) -> Iterator[dict[str, Any]]:
        for pattern in patterns:
            route = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from walk(pattern.url_patterns, route)
            else:
                yield {"route": f"/{route}", "name": pattern.name or ""}

    yield from walk(get_resolver().url_patterns, "")


if __name__ == "__main__":
    main()
