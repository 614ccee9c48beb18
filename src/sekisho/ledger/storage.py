"""Where tiles lie: a directory (the embedded default) or an object store.

A log has two kinds of files. Tiles and entry bundles never change once written: writing other bytes to a
taken name means that two histories exist, and is refused. Only `checkpoint` is replaced. Writes are durable
when they return, because a checkpoint must not name tiles that a power cut can take away.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path
from typing import Final, Protocol

from sekisho.kernel.errors import EnvironmentFault, SekishoError

DRAFTS: Final = ".drafts"
_SYNCS_AT_ONCE: Final = 8


class UnableToOverwrite(SekishoError):
    """A tile exists with other content: this log and the stored one are two histories."""


class UnableToStore(EnvironmentFault):
    """The disk or the object store refused a write."""


class Store(Protocol):
    """What the log asks of a store. Paths are relative, with `/`."""

    def get(self, path: str) -> bytes | None:
        """Return a file, or None when there is none."""

    def create(self, files: Mapping[str, bytes]) -> None:
        """Write immutable files durably; a repeat is harmless, other content is `UnableToOverwrite`."""

    def replace(self, path: str, data: bytes) -> None:
        """Write or replace one file, durably and at once."""

    def forget(self, directory: str) -> None:
        """Delete the files directly below a directory, if it is there."""


def refuse_other_content(path: str, held: bytes | None, data: bytes) -> None:
    """Raise `UnableToOverwrite` when a name is taken by other bytes."""
    if held is not None and held != data:
        raise UnableToOverwrite(
            f"ログのタイル {path} に別の内容が既にあります。履歴が二つに分かれています。書込みを止めました。",
            f"The tile {path} already holds other content: this log has two histories. Nothing was written.",
        )


class DirectoryStore:
    """A log below one directory, laid out as it is served."""

    def __init__(self, *, root: Path) -> None:
        self.root = root

    def get(self, path: str) -> bytes | None:
        try:
            return (self.root / path).read_bytes()
        except FileNotFoundError:
            return None

    def create(self, files: Mapping[str, bytes]) -> None:
        fresh: dict[str, bytes] = {}
        for path, data in files.items():
            held = self.get(path)
            refuse_other_content(path, held, data)
            if held is None:
                fresh[path] = data
        self._write(fresh)

    def replace(self, path: str, data: bytes) -> None:
        self._write({path: data})

    def forget(self, directory: str) -> None:
        place = self.root / directory
        with contextlib.suppress(FileNotFoundError):
            for file in list(place.iterdir()):
                file.unlink()
            place.rmdir()

    def paths(self) -> list[str]:
        """Return every file of the log, in order."""
        files = (path.relative_to(self.root) for path in self.root.rglob("*") if path.is_file())
        return sorted(path.as_posix() for path in files if path.parts[0] != DRAFTS)

    def changed_at(self, path: str) -> float | None:
        """Return when a file was written (POSIX seconds), or None when there is none."""
        try:
            return (self.root / path).stat().st_mtime
        except FileNotFoundError:
            return None

    def _write(self, files: Mapping[str, bytes]) -> None:
        """Write drafts, sync them, then name them: a name never stands for half a file, whenever we die."""
        try:
            _make_directories(self.root / DRAFTS)
            # Syncs wait for the disk, not for each other: the file system writes several at once.
            with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
                drafts = list(pool.map(self._draft, range(len(files)), files.values()))
            targets = [self.root / path for path in files]
            for directory in {target.parent for target in targets}:
                _make_directories(directory)
            for draft, target in zip(drafts, targets, strict=True):
                draft.replace(target)
            for directory in {target.parent for target in targets}:
                _sync(directory)
        except OSError as fault:
            raise UnableToStore(
                f"ログ {self.root} に書き込めません({fault.strerror})。",
                f"The log {self.root} cannot be written ({fault.strerror}).",
            ) from fault

    def _draft(self, place: int, data: bytes) -> Path:
        # Numbered: what a killed writer leaves is overwritten by the next, so that drafts do not pile up.
        draft = self.root / DRAFTS / str(place)
        with draft.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return draft


def _make_directories(path: Path) -> None:
    """Create a directory and its missing parents, each name durable in the directory above it."""
    if path.is_dir():
        return
    missing = [path, *(parent for parent in path.parents if not parent.exists())]
    for directory in reversed(missing):
        directory.mkdir(exist_ok=True)
        _sync(directory.parent)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class _Fetched(Protocol):
    def bytes(self) -> object: ...


class Objects(Protocol):
    """The methods of an `obstore` store (S3, GCS, Azure, memory) that the log uses."""

    def get(self, path: str) -> _Fetched: ...

    def head(self, path: str) -> Mapping[str, object]: ...

    def put(self, path: str, file: bytes, *, mode: str = "overwrite") -> object: ...

    def delete(self, paths: Sequence[str]) -> None: ...

    def list(self, prefix: str) -> Iterator[Sequence[Mapping[str, object]]]: ...


class ObjectStore:
    """A log in an object store. `put` returns when the store has made the object durable.

    `mode="create"` is the store's own compare-and-set (If-None-Match: *), so that even two writers that both
    believe to be alone cannot overwrite each other's tiles. Several objects go at once: each waits for the network.
    """

    def __init__(self, *, objects: Objects, prefix: str = "") -> None:
        self._objects = objects
        self._prefix = prefix

    def get(self, path: str) -> bytes | None:
        with _told(path):
            try:
                return bytes(memoryview(self._objects.get(self._prefix + path).bytes()))  # type: ignore[arg-type]
            except FileNotFoundError:
                return None

    def create(self, files: Mapping[str, bytes]) -> None:
        with ThreadPoolExecutor(_SYNCS_AT_ONCE) as pool:
            list(pool.map(self._create, files, files.values()))

    def _create(self, path: str, data: bytes) -> None:
        with _told(path):
            try:
                self._objects.put(self._prefix + path, data, mode="create")
            # obstore's AlreadyExistsError is no FileExistsError; its class cannot be named without the
            # library.
            except Exception:
                held = self.get(path)
                if held is None:
                    raise
                refuse_other_content(path, held, data)

    def replace(self, path: str, data: bytes) -> None:
        with _told(path):
            self._objects.put(self._prefix + path, data, mode="overwrite")

    def forget(self, directory: str) -> None:
        with _told(directory):
            for names in self._listed(f"{self._prefix}{directory}/"):
                self._objects.delete(names)

    def paths(self) -> list[str]:
        """Return every file of the log, in order."""
        with _told(self._prefix):
            names = [name for names in self._listed(self._prefix) for name in names]
        return sorted(name.removeprefix(self._prefix) for name in names)

    def changed_at(self, path: str) -> float | None:
        """Return when a file was written (POSIX seconds), or None when there is none."""
        with _told(path):
            try:
                found = self._objects.head(self._prefix + path)["last_modified"]
            except FileNotFoundError:
                return None
        return found.timestamp() if isinstance(found, datetime) else None

    def _listed(self, prefix: str) -> Iterator[list[str]]:
        for page in self._objects.list(prefix):
            names = [str(item["path"]) for item in page]
            if names:
                yield names


@contextlib.contextmanager
def _told(path: str) -> Iterator[None]:
    """Turn whatever the library raises into `UnableToStore`, without its words: they may repeat what opens the store."""
    try:
        yield
    except SekishoError:
        raise
    except Exception as fault:
        status = re.search(r"status (?:code: )?(\d{3})", str(fault))
        why = type(fault).__name__ + (f" {status[1]}" if status else "")
        raise UnableToStore(
            f"オブジェクトストレージの {path} を読み書きできません({why})。",
            f"The object {path} cannot be read or written ({why}).",
        ) from None
