"""The generator's own data, as published beside it in `words.toml`."""

from __future__ import annotations

import tomllib
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1)
def table() -> dict[str, Any]:
    """Word lists, legal forms, 異体字, second readings and old city names."""
    return tomllib.loads((Path(__file__).parent / "words.toml").read_text(encoding="utf-8"))
