"""Files of others are the bytes that they published, each named with its licence."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import sekisho.surfaces.kit

VENDOR = Path(sekisho.surfaces.kit.__file__).parent / "static" / "vendor"


def test_every_vendored_file_is_named_with_its_digest() -> None:
    said = dict(
        re.findall(
            r"^\| `([^`]+)` \| `([0-9a-f]{64})` \|$",
            (VENDOR / "THIRD_PARTY.md").read_text(encoding="utf-8"),
            re.M,
        )
    )
    found = {
        str(path.relative_to(VENDOR)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in VENDOR.rglob("*")
        if path.is_file() and path.name != "THIRD_PARTY.md"
    }
    assert found == said
    assert all((path / "LICENSE").is_file() for path in VENDOR.iterdir() if path.is_dir())
