"""The log's side of a witness: ask for a cosignature, and notice when it remembers more than we do."""

from __future__ import annotations

import http.client
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.log import UnableToContinueLog, UnableToCosign
from sekisho.ledger.notes import (
    Note,
    Signature,
    UnableToReadNote,
    UnableToTrustNote,
    Verifier,
    parse_checkpoint,
    parse_decimal,
    parse_signatures,
    trusted,
)
from sekisho.ledger.tiles import TileReader
from sekisho.ledger.witness import SIZE_TYPE, submission

_MAX_REPLY_BYTES: Final = 1 << 20


@dataclass
class WitnessClient:
    """A witness at a URL (its submission prefix) with the keys it is trusted by.

    `seen` is the size it last cosigned, as far as we know: a wrong guess costs one more request.
    """

    url: str
    keys: tuple[Verifier, ...]
    timeout: float = 5.0
    seen: int = field(default=0)

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise WrongUse(f"証人の URL が不正です: {self.url}", f"No witness's URL: {self.url}")

    def cosign(self, *, note: Note, reader: TileReader) -> list[Signature]:
        """Return the witness's valid cosignatures.

        Raises `UnableToCosign` when it cannot be reached or refuses, and `UnableToContinueLog` when it has
        cosigned a larger tree than ours: then this log was rolled back.
        """
        head = parse_checkpoint(note.text)
        for _ in range(2):
            status, kind, body = self._post(
                submission(old=self.seen, proof=reader.consistency(self.seen), note=note)
            )
            if status != HTTPStatus.CONFLICT or kind != SIZE_TYPE:
                break
            self.seen = self._remembered(body, head.size)
        if status != HTTPStatus.OK:
            raise self._refused(f"HTTP {status}: {body[:200]}")
        found = self._trusted(note, body)
        self.seen = head.size
        return found

    def _remembered(self, body: str, ours: int) -> int:
        try:
            size = parse_decimal(body.removesuffix("\n"))
        except UnableToReadNote as fault:
            raise self._refused("409 without a size") from fault
        if size > ours:
            raise UnableToContinueLog(
                f"証人 {self.url} は {size} 件のログに連署済みですが、このログは {ours} 件です。"
                "ログが巻き戻されています。",
                f"The witness {self.url} has cosigned {size} entries, this log has {ours}: rolled back.",
            )
        return size

    def _trusted(self, note: Note, body: str) -> list[Signature]:
        try:
            answered = Note(note.text, parse_signatures(body))
            return list(trusted(note=answered, verifiers=self.keys).values())
        except (UnableToReadNote, UnableToTrustNote) as fault:
            raise self._refused(fault.en) from fault

    def _post(self, body: bytes) -> tuple[int, str, str]:
        parts = urlsplit(self.url)
        made = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        connection = made(parts.hostname or "", parts.port, timeout=self.timeout)
        try:
            connection.request("POST", f"{parts.path.rstrip('/')}/add-checkpoint", body)
            answer = connection.getresponse()
            text = answer.read(_MAX_REPLY_BYTES).decode("utf-8", "replace")
            return answer.status, answer.headers.get("Content-Type", ""), text
        except (OSError, http.client.HTTPException) as fault:
            raise self._refused(type(fault).__name__) from fault
        finally:
            connection.close()

    def _refused(self, reason: str) -> UnableToCosign:
        return UnableToCosign(
            f"証人 {self.url} の連署が得られません: {reason}", f"no cosignature by {self.url}: {reason}"
        )
