"""The secrets that surface processes make on first use: session signing, and the key below stored second factors."""

import secrets

from sekisho.settings.home import Home


def surface_key(home: Home, surface: str) -> str:
    """What signs a surface's sessions and paging tokens."""
    return home.ensure_secret(name=f"surfaces/{surface}", make=lambda: secrets.token_urlsafe(48))


def account_key(home: Home, schema: str) -> bytes:
    """The AES-256 key under which the second factors of an accounts schema are stored."""
    return bytes.fromhex(home.ensure_secret(name=f"accounts/{schema}", make=lambda: secrets.token_hex(32)))


def export_key(home: Home, audience: str) -> bytes:
    """What the keys of an audience's files are derived from. The worker seals with it, the audience's pages open; the database has it not."""
    return bytes.fromhex(home.ensure_secret(name=f"exports/{audience}", make=lambda: secrets.token_hex(32)))
