"""A home of its own for each surface process, holding the secrets of its audience and no others.

Whoever starts the processes reads the installation's secrets; a surface gets a directory that looks like a
home but holds only what `sekisho.settings.django` reads for that surface. In production the same directory is
copied to the account or machine that the surface runs under.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from sekisho.settings.deploy import ACCOUNT_LOGINS, passwords, ticket_key
from sekisho.settings.home import Home
from sekisho.settings.secrets import account_key, surface_key
from sekisho.settings.surfaces import SURFACES, Surface


def hand_over(*, surface: str, home: Home, target: Path) -> Home:
    """Make `target` the home of one surface process, replacing what was there."""
    if target.exists():
        shutil.rmtree(target)
    own = Home(target).prepare()
    for name in _names(home, SURFACES[surface]):
        own.write_secret(name=name, value=home.read_secret(name=name))
    return own


def _names(home: Home, surface: Surface) -> list[str]:
    # INVARIANT: a surface process can neither sign another audience's tickets nor log in as another surface.
    passwords(home)
    ticket_key(home, surface.audience)
    surface_key(home, surface.code)
    names = [f"logins/{surface.login}", f"tickets/{surface.audience}", f"surfaces/{surface.code}"]
    if surface.accounts is None:
        return names
    account_key(home, surface.accounts)
    return [*names, f"logins/{ACCOUNT_LOGINS[surface.accounts]}", f"accounts/{surface.accounts}"]
