"""A home of its own for each process, holding the secrets of its own work and no others.

Whoever starts the processes reads the installation's secrets; a surface gets a directory that looks like a
home but holds only what `sekisho.settings.django` reads for that surface, worker and sequencer their one login. In
production the same directory is copied to the account or machine that the process runs under.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sekisho.barrier.compiler import WORKER
from sekisho.ledger.place import OPENS, name_place, place_of
from sekisho.settings.deploy import ACCOUNT_LOGINS, passwords, ticket_key
from sekisho.settings.exports import RECEIVING, export_secrets
from sekisho.settings.home import Home
from sekisho.settings.obligations import SEQUENCER
from sekisho.settings.secrets import account_key, export_key, surface_key
from sekisho.settings.surfaces import SURFACES, Surface

SERVICES = {"worker": WORKER, "sequencer": SEQUENCER}
"""Processes without pages → their login."""


def hand_over(*, surface: str, home: Home, target: Path) -> Home:
    """Make `target` the home of one surface process, replacing what was there."""
    passwords(home)
    return _made(home, target, _names(home, SURFACES[surface]))


def hand_over_service(*, service: str, home: Home, target: Path) -> Home:
    """Make `target` the home of the worker or the sequencer: its own login, what large files are written with, the keys that sign."""
    passwords(home)
    keys = _log_keys(home) if service == "sequencer" else export_secrets(home)
    own = _made(home, target, [f"logins/{SERVICES[service]}", *keys, *_log_secrets(home)])
    name_place(own, place_of(home))
    return own


def _log_secrets(home: Home) -> list[str]:
    """What opens the object store in which the log lies, if it lies in one that asks for it."""
    return [OPENS] if place_of(home) is not None and home.secret_path(name=OPENS).exists() else []


def _made(home: Home, target: Path, names: list[str]) -> Home:
    if target.exists():
        shutil.rmtree(target)
    own = Home(target).prepare()
    for name in names:
        own.write_secret(name=name, value=home.read_secret(name=name))
    own.name_environment(home.environment())
    return own


def _log_keys(home: Home) -> list[str]:
    """The keys that sign checkpoints, as far as they were made."""
    return [f"ledger/{path.name}" for path in sorted((home.secrets / "ledger").glob("log*.key"))]


def _names(home: Home, surface: Surface) -> list[str]:
    # INVARIANT: a surface process can neither sign another audience's tickets nor log in as another surface.
    ticket_key(home, surface.audience)
    surface_key(home, surface.code)
    names = [f"logins/{surface.login}", f"tickets/{surface.audience}", f"surfaces/{surface.code}"]
    if surface.accounts is None:
        return names
    account_key(home, surface.accounts)
    if surface in RECEIVING:
        export_key(home, surface.audience)
        names.append(f"exports/{surface.audience}")
    return [*names, f"logins/{ACCOUNT_LOGINS[surface.accounts]}", f"accounts/{surface.accounts}"]
