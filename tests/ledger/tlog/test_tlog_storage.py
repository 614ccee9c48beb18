"""Stores: whole files or none, other content refused, the same answers from directory and object store."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from tlog_world import Passages, World

from sekisho.ledger.bundle import published
from sekisho.ledger.storage import DirectoryStore, ObjectStore, UnableToOverwrite, UnableToStore


class Fetched:
    def __init__(self, data: bytes) -> None:
        self._data = data

    def bytes(self) -> bytes:
        return self._data


class AlreadyExists(Exception):
    pass


class Objects:
    """An object store in memory, with obstore's methods; `test_the_fake_is_like_obstore` compares them."""

    def __init__(self) -> None:
        self.held: dict[str, bytes] = {}

    def get(self, path: str) -> Fetched:
        if path not in self.held:
            raise FileNotFoundError(path)
        return Fetched(self.held[path])

    def head(self, path: str) -> Mapping[str, object]:
        if path not in self.held:
            raise FileNotFoundError(path)
        return {"path": path, "last_modified": datetime(2026, 11, 22, tzinfo=UTC)}

    def put(self, path: str, file: bytes, *, mode: str = "overwrite") -> None:
        if mode == "create" and path in self.held:
            raise AlreadyExists(path)
        self.held[path] = file

    def delete(self, paths: Sequence[str]) -> None:
        for path in paths:
            del self.held[path]

    def list(self, prefix: str) -> Iterator[Sequence[Mapping[str, object]]]:
        yield [{"path": path} for path in self.held if path.startswith(prefix)]


@pytest.fixture(params=["directory", "objects"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DirectoryStore | ObjectStore:
    if request.param == "directory":
        return DirectoryStore(root=tmp_path / "log")
    return ObjectStore(objects=Objects(), prefix="log/")


def exercise(store: DirectoryStore | ObjectStore) -> None:
    assert store.get("tile/0/000.p/1") is None
    store.create({"tile/0/000.p/1": b"a", "tile/0/000.p/2": b"ab", "tile/entries/000.p/1": b"x"})
    store.create({"tile/0/000.p/2": b"ab", "tile/0/000": b"abc"})
    with pytest.raises(UnableToOverwrite, match="two histories"):
        store.create({"tile/0/000": b"abd"})
    store.replace("checkpoint", b"1")
    store.replace("checkpoint", b"2")
    store.forget("tile/0/000.p")
    store.forget("tile/0/001.p")
    found = [
        store.get(path) for path in ("checkpoint", "tile/0/000", "tile/0/000.p/2", "tile/entries/000.p/1")
    ]
    assert found == [b"2", b"abc", None, b"x"]
    assert store.paths() == ["checkpoint", "tile/0/000", "tile/entries/000.p/1"]
    assert (store.changed_at("checkpoint") or 0) > 1.7e9 and store.changed_at("tile/0/001") is None


def test_any_store(store: DirectoryStore | ObjectStore) -> None:
    exercise(store)


def test_nothing_of_a_refused_write_is_left(tmp_path: Path) -> None:
    store = DirectoryStore(root=tmp_path)
    store.create({"tile/0/001": b"old"})
    with pytest.raises(UnableToOverwrite):
        store.create({"tile/0/000": b"new", "tile/0/001": b"other"})
    assert store.get("tile/0/000") is None


def test_a_directory_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("a file")
    with pytest.raises(UnableToStore):
        DirectoryStore(root=tmp_path / "log").replace("checkpoint", b"x")


def test_a_store_that_fails_says_so_without_the_librarys_words() -> None:
    class Broken(Objects):
        def put(self, *_: object, **__: object) -> None:
            raise ConnectionError("status 403 Forbidden: signed with AKIAFICTION/geheim")

        def get(self, path: str) -> Fetched:
            raise OSError("no network")

    store = ObjectStore(objects=Broken())
    for attempt in (
        lambda: store.create({"tile/0/000": b"x"}),
        lambda: store.replace("checkpoint", b"x"),
        lambda: store.get("checkpoint"),
    ):
        with pytest.raises(UnableToStore) as raised:
            attempt()
        assert "geheim" not in str(raised.value) and raised.value.__cause__ is None
    with pytest.raises(UnableToStore, match=r"ConnectionError 403"):
        store.replace("checkpoint", b"x")


def test_a_log_in_an_object_store(world: World, passages: Passages) -> None:
    objects = Objects()
    store = ObjectStore(objects=objects, prefix="log/")
    sequencer = world.sequencer(store=store)
    for many in (3, 260, 300):
        passages.write(many)
        sequencer.drain()
    log = published(store=store)
    assert (log.head.size, log.reader.root()) == (563, log.head.root)
    assert "log/tile/0/000.p/3" not in objects.held, "partial tiles go when the full one is published"
    assert not world.root.exists()


@pytest.mark.skipif(find_spec("obstore") is None, reason="obstore is not installed")
@pytest.mark.parametrize("kind", ["MemoryStore", "LocalStore"])
def test_the_fake_is_like_obstore(kind: str, tmp_path: Path) -> None:
    import obstore.store  # type: ignore[import-not-found,unused-ignore]

    made: Callable[..., Any] = getattr(obstore.store, kind)
    exercise(ObjectStore(objects=made(str(tmp_path)) if kind == "LocalStore" else made(), prefix="log/"))
