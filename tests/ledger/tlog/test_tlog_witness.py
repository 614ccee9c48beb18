"""A witness signs a log that grows, and nothing else; the log notices when a witness remembers more."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from test_tlog_merkle import grown, some_entries
from test_tlog_sequencer import release
from tlog_world import LOG_KEY, ORIGIN, WITNESS_KEYS, Passages, World, key

from sekisho.kernel.errors import WrongUse
from sekisho.ledger.log import UnableToContinueLog, UnableToCosign
from sekisho.ledger.merkle import EMPTY_ROOT
from sekisho.ledger.notes import (
    COSIGNATURE,
    ML_DSA_44,
    Checkpoint,
    Note,
    parse_note,
    parse_signatures,
    trusted,
)
from sekisho.ledger.sequencer import Sequencer, lag
from sekisho.ledger.tiles import TileReader
from sekisho.ledger.witness import Reply, Witness, server, submission
from sekisho.ledger.witness_client import WitnessClient

NOW = 1_795_000_000
KEYS = (WITNESS_KEYS[0], key(WITNESS_KEYS[0].name, ML_DSA_44))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    return Witness(state=tmp_path / "w.sqlite", signers=KEYS, logs=[LOG_KEY.verifier], clock=lambda: NOW)


@pytest.fixture
def url(witness: Witness) -> Iterator[str]:
    with server(witness=witness, address=("127.0.0.1", 0)) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{running.server_address[1]}"
        running.shutdown()
        thread.join()


class Tree:
    """A log of `size` entries; `fork` gives other entries from that index on."""

    def __init__(self, size: int, *, fork: int | None = None) -> None:
        entries = some_entries(size)
        if fork is not None:
            entries = entries[:fork] + [entry[::-1] for entry in entries[fork:]]
        store, edge = grown(entries, [])
        self.reader = TileReader(store=store, size=size)
        self.head = Checkpoint(ORIGIN, size, edge.root())

    def note(self, signer: object = LOG_KEY) -> Note:
        return Note(self.head.text, (signer.sign(text=self.head.text, time=NOW),))  # type: ignore[attr-defined]

    def asked(self, old: int) -> bytes:
        return submission(old=old, proof=self.reader.consistency(old), note=self.note())


def test_a_growing_log_is_cosigned(witness: Witness) -> None:
    old = 0
    for size in (0, 1, 1, 7, 300, 300, 1000):
        tree = Tree(size)
        reply = witness.add_checkpoint(tree.asked(old))
        assert reply.status == 200, reply
        found = trusted(
            note=Note(tree.head.text, parse_signatures(reply.body)), verifiers=[one.verifier for one in KEYS]
        )
        assert [signature.time for signature in found.values()] == [NOW, NOW]
        old = size
    latest = witness.checkpoint(sha256(ORIGIN.encode()).hexdigest())
    assert {one.name for one in parse_note(latest.body).signatures} == {ORIGIN, KEYS[0].name}


def test_what_is_refused(witness: Witness) -> None:
    assert witness.add_checkpoint(Tree(300).asked(0)).status == 200
    grown_tree, other = Tree(400), Tree(400, fork=250)
    proof = grown_tree.reader.consistency(300)
    stranger, imposter = key("stranger.example"), key(ORIGIN, number=3)
    elsewhere = Checkpoint("other.example/log", 400, grown_tree.head.root)
    refusals: list[tuple[str, bytes, int]] = [
        ("a rollback", Tree(200).asked(0), 409),
        ("a wrong old size", grown_tree.asked(299), 409),
        ("an old size beyond the checkpoint", submission(old=500, proof=[], note=grown_tree.note()), 400),
        ("a fork", other.asked(300), 422),
        ("a fork of the same size", submission(old=300, proof=[], note=Tree(300, fork=9).note()), 422),
        ("no proof", submission(old=300, proof=[], note=grown_tree.note()), 422),
        ("a proof too long", submission(old=300, proof=[*proof, bytes(32)], note=grown_tree.note()), 422),
        ("a proof where none is due", submission(old=300, proof=[bytes(32)], note=Tree(300).note()), 422),
        ("64 hashes", submission(old=300, proof=[bytes(32)] * 64, note=grown_tree.note()), 400),
        ("a stranger's signature", submission(old=300, proof=proof, note=grown_tree.note(stranger)), 403),
        ("an imposter's signature", submission(old=300, proof=proof, note=grown_tree.note(imposter)), 403),
        (
            "an unknown log",
            submission(old=300, proof=proof, note=Note(elsewhere.text, grown_tree.note().signatures)),
            404,
        ),
        ("an altered size", grown_tree.asked(300).replace(b"\n400\n", b"\n401\n"), 403),
        ("no request", b"", 400),
        ("no old line", grown_tree.asked(300).replace(b"old 300", b"300"), 400),
        ("a leading zero", grown_tree.asked(300).replace(b"old 300", b"old 0300"), 400),
        ("bytes that are no text", b"old 0\n\n\xff\xfe", 400),
    ]
    for name, body, status in refusals:
        assert witness.add_checkpoint(body).status == status, name
    assert witness.add_checkpoint(grown_tree.asked(300)).status == 200


def test_a_conflict_names_the_size(witness: Witness) -> None:
    witness.add_checkpoint(Tree(300).asked(0))
    assert witness.add_checkpoint(Tree(400).asked(0)) == Reply(409, "300\n", "text/x.tlog.size")


def test_an_empty_tree_has_one_root(witness: Witness) -> None:
    wrong = Checkpoint(ORIGIN, 0, bytes(32))
    note = Note(wrong.text, (LOG_KEY.sign(text=wrong.text, time=NOW),))
    assert witness.add_checkpoint(submission(old=0, proof=[], note=note)).status == 422
    assert Tree(0).head.root == EMPTY_ROOT
    assert witness.add_checkpoint(Tree(0).asked(0)).status == 200


def test_the_memory_is_durable_before_the_signature(tmp_path: Path) -> None:
    """Dying while signing leaves the new size behind: the other order would allow a fork after a restart."""

    class Dies:
        kind = COSIGNATURE

        def sign(self, **_: object) -> object:
            raise KeyboardInterrupt

    state = tmp_path / "w.sqlite"
    signers: Any = [Dies()]
    dying = Witness(state=state, signers=signers, logs=[LOG_KEY.verifier], clock=lambda: NOW)
    with pytest.raises(KeyboardInterrupt):
        dying.add_checkpoint(Tree(300).asked(0))
    revived = Witness(state=state, signers=KEYS, logs=[LOG_KEY.verifier], clock=lambda: NOW)
    assert revived.checkpoint(sha256(ORIGIN.encode()).hexdigest()).status == 404, "nothing cosigned yet"
    assert revived.add_checkpoint(Tree(300, fork=5).asked(0)).status == 409
    assert revived.add_checkpoint(Tree(300).asked(300)).status == 200


def test_of_two_at_once_one_is_told_to_look_again(tmp_path: Path) -> None:
    state = tmp_path / "w.sqlite"
    Witness(state=state, signers=KEYS[:1], logs=[LOG_KEY.verifier], clock=lambda: NOW)

    def ask(size: int) -> int:
        own = Witness(state=state, signers=KEYS[:1], logs=[LOG_KEY.verifier], clock=lambda: NOW)
        return own.add_checkpoint(Tree(size).asked(0)).status

    with ThreadPoolExecutor(8) as pool:
        statuses = list(pool.map(ask, range(1, 17)))
    assert sorted(statuses) == [200] + [409] * 15


def test_a_plain_key_is_no_witnesss(tmp_path: Path) -> None:
    with pytest.raises(WrongUse):
        Witness(state=tmp_path / "w", signers=[LOG_KEY], logs=[], clock=lambda: NOW)


def client(url: str) -> WitnessClient:
    return WitnessClient(url, tuple(one.verifier for one in KEYS))


def test_the_client_learns_the_size(url: str) -> None:
    first = client(url)
    assert len(first.cosign(note=Tree(300).note(), reader=Tree(300).reader)) == 2
    late = client(url)
    assert len(late.cosign(note=Tree(400).note(), reader=Tree(400).reader)) == 2
    assert (first.seen, late.seen) == (300, 400)


def test_the_client_notices_a_rollback(url: str) -> None:
    client(url).cosign(note=Tree(300).note(), reader=Tree(300).reader)
    with pytest.raises(UnableToContinueLog, match="300"):
        client(url).cosign(note=Tree(200).note(), reader=Tree(200).reader)


def test_the_client_is_refused_a_fork(url: str) -> None:
    client(url).cosign(note=Tree(300).note(), reader=Tree(300).reader)
    with pytest.raises(UnableToCosign, match="422"):
        client(url).cosign(note=Tree(400, fork=9).note(), reader=Tree(400, fork=9).reader)


def test_the_client_trusts_only_the_keys_it_knows(url: str) -> None:
    wrong = WitnessClient(url, (WITNESS_KEYS[1].verifier,))
    with pytest.raises(UnableToCosign, match="No known key"):
        wrong.cosign(note=Tree(3).note(), reader=Tree(3).reader)


def test_a_witness_that_is_away(url: str) -> None:
    away = WitnessClient("http://127.0.0.1:9", (WITNESS_KEYS[0].verifier,))
    with pytest.raises(UnableToCosign, match="ConnectionRefused"):
        away.cosign(note=Tree(3).note(), reader=Tree(3).reader)
    with pytest.raises(WrongUse):
        WitnessClient("ftp://witness.example", ())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/add-checkpoint", b"nonsense", 400),
        ("POST", "/elsewhere", b"", 404),
        ("GET", "/add-checkpoint", None, 404),
        ("GET", "/" + "0" * 64 + "/checkpoint", None, 404),
        ("POST", "/add-checkpoint", bytes((1 << 20) + 1), 413),
    ],
)
def test_http(url: str, method: str, path: str, body: bytes | None, status: int) -> None:
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    try:
        connection.request(method, path, body)
        assert connection.getresponse().status == status
    except BrokenPipeError:
        assert status == 413, "the server closed before reading it all"
    finally:
        connection.close()


def with_witness(world: World, url: str, *, quorum: int) -> Sequencer:
    return world.sequencer(witnesses=[client(url)], quorum=quorum)


def test_a_log_with_a_witness_publishes_its_cosignature(world: World, passages: Passages, url: str) -> None:
    sequencer = with_witness(world, url, quorum=1)
    for many in (3, 0, 300):
        passages.write(many)
        sequencer.drain()
    raw = world.store.get("checkpoint")
    assert raw is not None
    found = trusted(note=parse_note(raw.decode()), verifiers=[one.verifier for one in KEYS])
    assert len(found) == 2


def test_without_a_quorum_nothing_is_published_and_the_lag_shows(world: World, passages: Passages) -> None:
    passages.write(3)
    away = world.sequencer(witnesses=[client("http://127.0.0.1:9")], quorum=1)
    with pytest.raises(UnableToCosign):
        away.step()
    assert world.store.get("checkpoint") is None
    assert lag(connection=passages.connection).published == 0
    passages.connection.execute("update ledger.seal set max_lag = interval '1 second'")
    assert not lag(connection=passages.connection).open


def test_a_log_restored_from_an_old_copy_stops(world: World, passages: Passages, url: str) -> None:
    sequencer = with_witness(world, url, quorum=1)
    passages.write(10)
    sequencer.drain()
    # Database and log both from a backup of before: they agree with each other, the witness knows better.
    connection = passages.connection
    for path in [path for path in world.root.rglob("*") if path.is_file()]:
        path.unlink()
    connection.execute("delete from ledger.leaf")
    connection.execute(
        "update ledger.sequence set size = 0, published_size = 0, published_root = null, swept = null"
    )
    connection.execute("delete from ledger.passage where passage_id > 5")
    release(passages)
    with pytest.raises(UnableToContinueLog, match="rolled back"):
        with_witness(world, url, quorum=1).step()
