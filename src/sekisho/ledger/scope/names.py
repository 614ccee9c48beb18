"""Names: what is readable, and the small integers that stand for it in the columns.

A code is the place of a text's first appearance, so it says nothing about the text. The lists of texts are kept sealed
(AES-256-GCM), the key apart from them: whoever finds the columns alone finds integers.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

import polars as pl
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from sekisho.kernel.errors import EnvironmentFault

KEY_BYTES: Final = 32
_NONCE: Final = 12
_LABEL: Final = b"sekisho.scope.v1\n"


class UnableToUnseal(EnvironmentFault):
    """The key is another one, or the file was altered."""


class Names:
    """One field's texts. `saved` of them are already on disk."""

    def __init__(self, texts: pl.Series | None = None) -> None:
        texts = pl.Series("text", [], dtype=pl.String) if texts is None else texts.rename("text")
        self._frame = pl.DataFrame({"text": texts}).with_row_index("code")
        self.saved = self._frame.height

    def __len__(self) -> int:
        return self._frame.height

    def encode(self, values: pl.Series) -> pl.Series:
        """Return the codes (UInt32, null for null), giving new texts the next ones."""
        asked = pl.DataFrame({"text": values.cast(pl.String)})
        new = (
            asked.unique(maintain_order=True)
            .drop_nulls()
            .join(self._frame, on="text", how="anti", maintain_order="left")
        )
        if new.height:
            added = new.select(
                pl.int_range(len(self), len(self) + new.height, dtype=pl.UInt32).alias("code"), "text"
            )
            self._frame = pl.concat([self._frame, added])
        return self._codes(asked)

    def find(self, values: pl.Series) -> pl.Series:
        """Return the codes; null for a text that is not known."""
        return self._codes(pl.DataFrame({"text": values.cast(pl.String)}))

    def code(self, text: str) -> int | None:
        """Return one text's code."""
        found: int | None = self.find(pl.Series([text]))[0]
        return found

    def decode(self, codes: pl.Series) -> pl.Series:
        """Return the texts of codes."""
        return self._frame["text"].gather(codes)

    def texts(self) -> list[str]:
        """Return all texts, by code."""
        return self._frame["text"].to_list()

    def unsaved(self) -> pl.Series:
        """Return the texts that are not on disk yet."""
        return self._frame["text"].slice(self.saved)

    def _codes(self, asked: pl.DataFrame) -> pl.Series:
        return asked.join(self._frame, on="text", how="left", maintain_order="left")["code"]


def seal(frame: pl.DataFrame, *, key: bytes, name: str, random: Callable[[int], bytes]) -> bytes:
    """Return `frame` as sealed Parquet, bound to the file's name so that files cannot be exchanged."""
    plain = io.BytesIO()
    frame.write_parquet(plain, compression="zstd")
    nonce = random(_NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain.getvalue(), _LABEL + name.encode())


def unseal(sealed: bytes, *, key: bytes, name: str) -> pl.DataFrame:
    """Return what `seal` sealed; raise `UnableToUnseal`."""
    try:
        plain = AESGCM(key).decrypt(sealed[:_NONCE], sealed[_NONCE:], _LABEL + name.encode())
    except InvalidTag:
        raise UnableToUnseal(
            f"{name} を開けません。鍵が違うか、ファイルが書き換えられています。",
            f"{name} cannot be opened: another key, or the file was altered.",
        ) from None
    return pl.read_parquet(io.BytesIO(plain))
