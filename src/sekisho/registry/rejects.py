"""The file of refused rows, for a spreadsheet: line, column, value and why, in Japanese and English."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Final, TextIO

from sekisho.registry.files import neutralised
from sekisho.registry.records import Rejection

HEADER: Final = ("行 row", "項目 field", "値 value", "理由", "reason")


class RejectFile:
    """Written under a draft name; `keep` gives it its name, or removes it when nothing was refused."""

    def __init__(self, path: Path, *, resume_at: int = 0) -> None:
        """`resume_at`: length of the draft at a killed import's last commit; what follows is dropped."""
        self._path = path
        self._draft = path.with_name(f".{path.name}.part")
        self._resume_at = resume_at
        self._last = 0
        self.lines = 0

    def __enter__(self) -> RejectFile:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        resumes = self._resume_at and self._draft.exists()
        # Refused rows are customers' data: for the owner's eyes only.
        descriptor = os.open(self._draft, os.O_RDWR | os.O_CREAT, 0o600)
        self._file: TextIO = os.fdopen(descriptor, "r+", encoding="utf-8", newline="")
        self._file.truncate(self._resume_at if resumes else 0)
        self._file.seek(0, os.SEEK_END)
        self._writer = csv.writer(self._file)
        if not resumes:
            self._file.write("\ufeff")
            self._writer.writerow(HEADER)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def write(self, rejections: Iterable[Rejection]) -> None:
        """Add refused cells; a line with several is one line in the count."""
        seen: set[int] = set()
        for rejection in rejections:
            seen.add(rejection.row)
            value = neutralised(rejection.value)
            reason = rejection.reason
            self._writer.writerow((rejection.row, rejection.field, value, reason.ja, reason.en))
        self.lines += len(seen)

    def settle(self) -> int:
        """Force everything to the disk; return the length."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return os.fstat(self._file.fileno()).st_size

    def keep(self) -> str | None:
        """Give the file its name if it holds anything; return that name."""
        if self.lines:
            self._draft.replace(self._path)
            return str(self._path)
        self._draft.unlink()
        self._path.unlink(missing_ok=True)
        return None
