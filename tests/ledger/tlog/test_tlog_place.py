"""Where the log lies: below the home or in an object store, moved whole, never two logs in one place, credentials never told."""

from __future__ import annotations

import io
import json
import random
import sys
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
import pytest
from test_tlog_storage import Objects
from tlog_world import Connection, Passages

from sekisho.kernel.errors import SekishoError
from sekisho.ledger import place
from sekisho.ledger.bundle import published
from sekisho.ledger.place import (
    Place,
    UnableToMoveLog,
    UnableToReachObjects,
    copy_log,
    directory_of,
    log_of,
    name_place,
    place_of,
)
from sekisho.ledger.site import Site
from sekisho.ledger.storage import ObjectStore
from sekisho.settings.bundling import wanted_of
from sekisho.settings.handover import hand_over_service
from sekisho.settings.home import Home
from sekisho.surfaces.cli import main

BUCKET = Place("s3://fiction/logs", {"region": "ap-northeast-1"})
KEYS = {"access_key_id": "AKIAFICTION", "secret_access_key": "geheim"}


class Cloud:
    """Buckets in memory by their address; remembers what they were opened with."""

    def __init__(self) -> None:
        self.buckets: dict[str, Objects] = {}
        self.opened: list[dict[str, str]] = []

    def __call__(self, where: Place, credentials: Mapping[str, str]) -> Objects:
        self.opened.append({**where.options, **credentials})
        return self.buckets.setdefault(where.url, Objects())


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Cloud:
    made = Cloud()
    monkeypatch.setattr(place, "objects_at", made)
    return made


@pytest.fixture
def own(tmp_path: Path) -> Home:
    return Home(tmp_path / "home").prepare()


def site_of(own: Home) -> Site:
    return Site(home=own, random=random.Random(5).randbytes, clock=lambda: 1_795_000_000.0)


Run = Callable[..., "Done"]


class Done:
    """What a command said."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def run(own: Home, conninfo: str, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*words: object, code: int = 0) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(
                [
                    "ledger",
                    *map(str, words),
                    "--home",
                    str(own.root),
                    "--database-url",
                    conninfo,
                    "--lang",
                    "en",
                ]
            )
        out, err = capsys.readouterr()
        done = Done(int(ended.value.code or 0), out, err)
        assert done.code == code, done.err + done.out
        return done

    return call


def sealed(own: Home, conninfo: str, passages: Passages, many: int) -> None:
    """Write passages and seal them, in a connection of its own: it holds the sequencer's lock."""
    passages.write(many)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        site_of(own).sequencer(connection=connection).drain()


def test_a_log_moves_to_an_object_store_goes_on_there_and_comes_back(
    own: Home,
    conninfo: str,
    passages: Passages,
    cloud: Cloud,
    run: Run,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sealed(own, conninfo, passages, 300)
    monkeypatch.setattr(sys, "stdin", io.StringIO(json.dumps(KEYS)))
    moved = run("store", BUCKET.url, "--option", "region=ap-northeast-1", "--credentials", "-", "--json")
    told = json.loads(moved.out)
    assert (told["place"], told["published"], told["credentials"]) == (BUCKET.url, 300, True)
    assert "geheim" not in moved.out + moved.err
    assert cloud.opened[-1] == {"region": "ap-northeast-1", **KEYS}
    assert place_of(own) == BUCKET and "geheim" not in (own.root / "ledger" / "store.toml").read_text()
    before = (own.root / "ledger" / "log" / "checkpoint").read_bytes()
    sealed(own, conninfo, passages, 270)
    assert published(store=log_of(own)).head.size == 570
    assert (own.root / "ledger" / "log" / "checkpoint").read_bytes() == before, (
        "nothing is written to the old place"
    )
    assert site_of(own).published_at is not None
    run("verify", "--expect", "log")
    run("prove", "--all", "--out", tmp_path / "bundle.zip")
    run("verify", tmp_path / "bundle.zip", "--expect", "whole")
    told = json.loads(run("store", "directory", "--json").out)
    assert (told["place"], told["published"]) == ("directory", 570)
    assert not own.secret_path(name=place.OPENS).exists(), "what is not needed is not kept"
    sealed(own, conninfo, passages, 10)
    assert published(store=directory_of(own)).head.size == 580
    run("verify", "--expect", "log")


def test_tampering_in_the_object_store_is_found(
    own: Home, conninfo: str, passages: Passages, cloud: Cloud, run: Run
) -> None:
    name_place(own, BUCKET)
    sealed(own, conninfo, passages, 300)
    run("verify", "--expect", "log")
    held = cloud.buckets[BUCKET.url].held
    held["tile/0/000"] = bytes([held["tile/0/000"][0] ^ 1]) + held["tile/0/000"][1:]
    run("verify", "--expect", "log", code=1)


def test_pages_bundles_are_made_from_the_object_store(
    own: Home, conninfo: str, passages: Passages, cloud: Cloud, connect: Callable[[], Connection]
) -> None:
    from sekisho.ledger.bundle import pack_bundle

    name_place(own, BUCKET)
    sealed(own, conninfo, passages, 20)
    wanted = wanted_of({"since": "2000-01-01", "until": "2100-01-01"})
    packed = pack_bundle(connection=connect(), log=published(store=log_of(own)), wanted=wanted)
    assert (packed.kind, packed.passages) == ("whole", 20)


def test_no_log_is_put_over_another_one(
    own: Home, conninfo: str, passages: Passages, cloud: Cloud, run: Run
) -> None:
    sealed(own, conninfo, passages, 3)
    other = site_of(own).signers()[0].name
    bucket = cloud(BUCKET, {})
    bucket.put("checkpoint", _checkpoint(own).replace(other.encode(), b"another.example/log"))
    with pytest.raises(UnableToMoveLog, match=r"another.example/log"):
        copy_log(directory_of(own), ObjectStore(objects=bucket))
    refused = run("store", BUCKET.url, code=1)
    assert "another.example/log" in refused.err and place_of(own) is None


def _checkpoint(own: Home) -> bytes:
    return (own.root / "ledger" / "log" / "checkpoint").read_bytes()


def test_an_older_copy_is_not_taken_for_the_log(
    own: Home, conninfo: str, passages: Passages, cloud: Cloud, run: Run
) -> None:
    sealed(own, conninfo, passages, 3)
    run("store", BUCKET.url)
    sealed(own, conninfo, passages, 3)
    name_place(own, None)  # somebody edits the configuration by hand: the directory stayed behind
    with (
        psycopg.connect(conninfo, autocommit=True) as connection,
        pytest.raises(SekishoError, match="once published"),
    ):
        site_of(own).sequencer(connection=connection).drain()


def test_the_log_does_not_move_below_a_running_sequencer(
    own: Home, conninfo: str, passages: Passages, cloud: Cloud, run: Run
) -> None:
    passages.write(3)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        site_of(own).sequencer(connection=connection).drain()
        assert "Another sequencer" in run("store", BUCKET.url, code=3).err
    assert place_of(own) is None and not cloud.buckets


WRONG = (
    (["ftp://host/x"], 2, "begin with one of"),
    (["s3://key:secret@bucket/x"], 2, "name no credentials"),
    (["s3://bucket/x?X-Amz-Signature=1"], 2, "name no credentials"),
    (["s3://bucket", "--option", "secret_access_key=geheim"], 2, "--credentials"),
    (["s3://bucket", "--option", "AWS_SESSION_TOKEN=geheim"], 2, "--credentials"),
    (["s3://bucket", "--option", "region"], 2, "NAME=VALUE"),
    (["--option", "region=x"], 2, "Name the place"),
)


@pytest.mark.parametrize(("words", "code", "said"), WRONG)
def test_what_cannot_be_a_place_is_refused(
    run: Run, own: Home, words: list[str], code: int, said: str
) -> None:
    done = run("store", *words, code=code)
    assert said in done.err and "geheim" not in done.err
    assert place_of(own) is None


@pytest.mark.parametrize("text", ["geheim", '["geheim"]', '{"key": 5, "other": "geheim"}'])
def test_credentials_that_are_none_are_not_repeated(run: Run, own: Home, tmp_path: Path, text: str) -> None:
    (tmp_path / "keys").write_text(text)
    done = run("store", BUCKET.url, "--credentials", tmp_path / "keys", code=2)
    assert "geheim" not in done.err + done.out and not own.secret_path(name=place.OPENS).exists()


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    monkeypatch.setitem(sys.modules, "obstore.store", None)
    with pytest.raises(UnableToReachObjects, match=r"sekisho\[objects\]"):
        place.objects_at(BUCKET, {})


def test_a_service_is_handed_what_it_needs_to_reach_the_log(own: Home, tmp_path: Path) -> None:
    name_place(own, BUCKET)
    own.write_secret(name=place.OPENS, value=json.dumps(KEYS))
    for service in ("sequencer", "worker"):
        given = hand_over_service(service=service, home=own, target=tmp_path / service)
        assert place_of(given) == BUCKET
        assert json.loads(given.read_secret(name=place.OPENS)) == KEYS


@pytest.mark.parametrize("text", ["url = 5 5", "[options]\nregion = 'x'", "url = 'ftp://x'"])
def test_a_configuration_that_cannot_be_read_is_named(own: Home, text: str) -> None:
    (own.root / "ledger").mkdir(exist_ok=True)
    (own.root / "ledger" / "store.toml").write_text(text)
    with pytest.raises(SekishoError):
        log_of(own)


@pytest.mark.skipif(
    find_spec("obstore") is None, reason="obstore is not installed; the store in memory runs always"
)
def test_with_obstore_itself(own: Home, conninfo: str, passages: Passages, run: Run, tmp_path: Path) -> None:
    sealed(own, conninfo, passages, 300)
    bucket = (tmp_path / "bucket").as_uri()
    assert json.loads(run("store", bucket, "--json").out)["published"] == 300
    sealed(own, conninfo, passages, 270)
    assert published(store=log_of(own)).head.size == 570
    run("verify", "--expect", "log")
    assert json.loads(run("store", "directory", "--json").out)["published"] == 570
