"""Japanese first, English by a switch: `--lang en`, or SEKISHO_LANG."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import get_args

from sekisho.kernel.errors import Language, SekishoError, WrongUse

_LANGUAGES = get_args(Language)
_chosen: list[Language] = ["ja"]


def choose_language(*, option: str | None, environ: Mapping[str, str]) -> None:
    """Set the language before any command is loaded; raise `WrongUse` for others than ja and en."""
    wish = option or environ.get("SEKISHO_LANG") or "ja"
    if wish not in _LANGUAGES:
        raise WrongUse(f"言語 {wish!r} はありません(ja, en)。", f"There is no language {wish!r} (ja, en).")
    _chosen[0] = "en" if wish == "en" else "ja"


def language() -> Language:
    """Return the language that was chosen."""
    return _chosen[0]


def say(ja: str, en: str) -> str:
    """Return the sentence in the chosen language; at import time, for help texts, too."""
    return en if _chosen[0] == "en" else ja


def tell(ja: str, en: str) -> None:
    """Write one line of progress to stderr."""
    print(say(ja, en), file=sys.stderr, flush=True)


def tell_error(fault: SekishoError) -> None:
    """Write a refusal to stderr."""
    print(f"{say('エラー', 'Error')}: {fault.message(language=language())}", file=sys.stderr, flush=True)
