"""Whatever is altered, deleted, inserted, reordered, rolled back or signed anew: the stand-alone verifier
finds it.

Each mutation works on a copy of a bundle that verifies, and must make the verifier say so. The verifier is
given what a regulator has: the keys, the checkpoint kept from the last inspection, and what was asked for.
"""

from __future__ import annotations

import base64
import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tlog_world import LOG_KEY, LOG_ML_DSA_KEY, ORIGIN, WITNESS_KEYS, key

from sekisho.ledger.bundle import Record, published, write_bundle
from sekisho.ledger.leaves import commitment, encode
from sekisho.ledger.log import Identity, Log
from sekisho.ledger.merkle import leaf_hash
from sekisho.ledger.notes import ED25519, Checkpoint, Note, Signer, parse_checkpoint, parse_note
from sekisho.ledger.storage import DirectoryStore
from sekisho.ledger.tiles import pack_entries, unpack_entries
from sekisho.ledger.verify import VERIFIER, sekisho_verify

OLD, SIZE = 300, 600
NOW = 1_795_000_000


def passage(number: int) -> dict[str, Any]:
    dice = random.Random(number)
    points = [f"03{dice.randrange(10**20):020d}" for _ in range(dice.randrange(1, 4))]
    return {
        "passage_id": number + 1,
        "at": f"2026-11-22T03:{number // 60 % 60:02d}:{number % 60:02d}.000000Z",
        "gate": "usage_month",
        "audience": "retailer",
        "company": "A0001",
        "person": f"person-{number % 7}",
        "purpose": "contract",
        "case_no": "S-1",
        "verdict": "passed",
        "points": points,
        "holders": ["A0001"] * len(points),
        "items": ["契約名義", "使用電力量"],
        "shown": ["2026-10-01", "2026-11-01"],
        "row_count": 31,
        "request_id": f"r-{number}",
    }


def records(passages: list[dict[str, Any]]) -> list[Record]:
    found = []
    for index, one in enumerate(passages):
        salt = random.Random(one["passage_id"]).randbytes(16)
        found.append(Record(index, commitment(salt=salt, body=encode(record=one)), salt, one))
    return found


@dataclass
class LocalWitness:
    """A witness that signs whatever it is shown; what a real one refuses is tested elsewhere."""

    signer: Signer

    def cosign(self, *, note: Note, reader: object) -> list[Any]:
        return [self.signer.sign(text=note.text, time=NOW)]


@dataclass
class Made:
    """A log at two sizes, and its bundles."""

    root: Path
    records: list[Record]
    old_checkpoint: str

    @property
    def log(self) -> Path:
        return self.root / "log"

    @property
    def previous(self) -> Path:
        return self.root / "kept-by-the-regulator"


def grow(root: Path, entries: list[Record], *, signer: Signer = LOG_KEY, witnesses: bool = True) -> str:
    """Add entries to the log in `root` and publish; return the checkpoint."""
    cosigners = [LocalWitness(one) for one in WITNESS_KEYS] if witnesses else []
    identity = Identity(origin=ORIGIN, signers=[signer, LOG_ML_DSA_KEY], witnesses=cosigners)
    log = Log(store=DirectoryStore(root=root), identity=identity, clock=lambda: NOW)
    log.extend([record.entry for record in entries])
    return str(log.publish())


def make(root: Path) -> Made:
    everything = records([passage(number) for number in range(SIZE)])
    old = grow(root / "log", everything[:OLD])
    grow(root / "log", everything[OLD:])
    made = Made(root, everything, old)
    made.previous.write_text(old, encoding="utf-8")
    log = published(store=DirectoryStore(root=made.log))
    older = [(OLD, old)]
    write_bundle(root=root / "whole", log=log, records=everything, kind="whole", span=(0, SIZE), older=older)
    write_bundle(
        root=root / "range", log=log, records=everything[250:260], kind="range", span=(250, 260), older=older
    )
    chosen = [everything[index] for index in (3, 255, 256, 511, 599)]
    write_bundle(
        root=root / "selected", log=log, records=chosen, kind="selected", span=(0, SIZE), older=older
    )
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    return make(tmp_path_factory.mktemp("made"))


EXPECT = {"whole": "whole", "range": "250:260", "selected": "any", "log": "log"}


def options(kind: str, made: Made) -> list[str]:
    """What the regulator's command line says."""
    words = [
        "--log-key",
        str(LOG_KEY.verifier),
        "--expect",
        EXPECT[kind],
        "--previous",
        str(made.previous),
        "--json",
    ]
    for witness in WITNESS_KEYS:
        words += ["--witness-key", str(witness.verifier)]
    return words


def verdict(bundle: Path, words: list[str], capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    code = sekisho_verify.main([str(bundle), *words])
    out = capsys.readouterr().out
    return code, json.loads(out) if out else {}


@pytest.mark.parametrize("kind", ["whole", "range", "selected", "log"])
def test_an_untouched_bundle_holds(kind: str, made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = verdict(made.root / kind, options(kind, made), capsys)
    assert (code, found["findings"]) == (0, [])
    assert found["shown"]["consistent_with"] == [OLD]
    assert found["shown"]["witnesses"] == ["witness.example/w1", "witness.example/w2"]


# --- the mutations: name → (kind of bundle, what is done to it) -----------------------------------

Mutation = Callable[[Path, Made], None]
MUTATIONS: dict[str, tuple[str, Mutation]] = {}


def mutation(kind: str) -> Callable[[Mutation], Mutation]:
    def register(function: Mutation) -> Mutation:
        MUTATIONS[f"{kind}: {function.__name__.replace('_', ' ')}"] = (kind, function)
        return function

    return register


def lines_of(bundle: Path) -> list[str]:
    return (bundle / "passages.jsonl").read_text(encoding="utf-8").splitlines()


def put_lines(bundle: Path, lines: list[str]) -> None:
    (bundle / "passages.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def edit_record(bundle: Path, number: int, change: Callable[[dict[str, Any]], None]) -> None:
    lines = lines_of(bundle)
    record = json.loads(lines[number])
    change(record)
    lines[number] = json.dumps(record, ensure_ascii=False)
    put_lines(bundle, lines)


def edit_text(path: Path, change: Callable[[str], str]) -> None:
    before = path.read_text(encoding="utf-8")
    after = change(before)
    assert before != after, "the mutation must change something"
    path.write_text(after, encoding="utf-8")


def edit_bytes(path: Path, change: Callable[[bytearray], None]) -> None:
    data = bytearray(path.read_bytes())
    change(data)
    path.write_bytes(data)


def flip(place: int) -> Callable[[bytearray], None]:
    def change(data: bytearray) -> None:
        data[place] ^= 1

    return change


ALTERED: dict[str, Any] = {
    "passage_id": 999_999,
    "at": "2026-11-22T03:00:00.000001Z",
    "gate": "card",
    "audience": "operator",
    "company": "B0002",
    "person": "somebody-else",
    "purpose": "inspection",
    "case_no": None,
    "verdict": "refused:expired",
    "points": [],
    "holders": ["B0002"],
    "items": ["契約名義"],
    "shown": ["2026-10-01", "2026-10-31"],
    "row_count": 30,
    "request_id": "r-x",
}


def altering(name: str, value: Any, kind: str) -> Mutation:
    def change(bundle: Path, made: Made) -> None:
        def alter(record: dict[str, Any]) -> None:
            assert record["passage"][name] != value
            record["passage"][name] = value

        edit_record(bundle, 2, alter)

    return change


for field_name, other in ALTERED.items():
    MUTATIONS[f"whole: alter {field_name}"] = ("whole", altering(field_name, other, "whole"))
    MUTATIONS[f"range: alter {field_name}"] = ("range", altering(field_name, other, "range"))


@mutation("whole")
def delete_the_first_passage(bundle: Path, made: Made) -> None:
    put_lines(bundle, lines_of(bundle)[1:])


@mutation("whole")
def delete_a_passage_in_the_middle(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    put_lines(bundle, lines[:100] + lines[101:])


@mutation("whole")
def delete_the_last_passage(bundle: Path, made: Made) -> None:
    put_lines(bundle, lines_of(bundle)[:-1])


@mutation("whole")
def delete_all_passages(bundle: Path, made: Made) -> None:
    put_lines(bundle, [])


@mutation("whole")
def delete_a_passage_and_close_the_gap(bundle: Path, made: Made) -> None:
    kept = [json.loads(line) for number, line in enumerate(lines_of(bundle)) if number != 100]
    put_lines(bundle, [json.dumps({**record, "index": place}) for place, record in enumerate(kept)])


@mutation("range")
def delete_a_passage_with_its_proof(bundle: Path, made: Made) -> None:
    put_lines(bundle, [line for line in lines_of(bundle) if json.loads(line)["index"] != 255])
    (bundle / "proofs" / "255.tlog-proof").unlink()


@mutation("range")
def shrink_the_range_in_the_description(bundle: Path, made: Made) -> None:
    put_lines(bundle, lines_of(bundle)[:-1])
    (bundle / "proofs" / "259.tlog-proof").unlink()
    edit_text(bundle / "bundle.json", lambda text: text.replace("260", "259"))


@mutation("range")
def call_the_range_a_selection(bundle: Path, made: Made) -> None:
    delete_a_passage_with_its_proof(bundle, made)
    edit_text(bundle / "bundle.json", lambda text: text.replace('"range"', '"selected"'))


@mutation("whole")
def call_the_whole_a_selection(bundle: Path, made: Made) -> None:
    shutil.rmtree(bundle / "tile")
    put_lines(bundle, [])
    edit_text(bundle / "bundle.json", lambda text: text.replace('"whole"', '"selected"'))


@mutation("whole")
def insert_a_forged_passage(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    forged = json.loads(lines[50])
    forged["passage"]["person"] = "planted"
    put_lines(bundle, [*lines[:51], json.dumps({**forged, "index": 50}), *lines[51:]])


@mutation("whole")
def append_a_passage_beyond_the_tree(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    put_lines(bundle, [*lines, json.dumps({**json.loads(lines[0]), "index": SIZE})])


@mutation("whole")
def repeat_a_passage(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    put_lines(bundle, [*lines[:10], lines[9], *lines[10:]])


@mutation("whole")
def swap_two_passages(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    lines[7], lines[8] = lines[8], lines[7]
    put_lines(bundle, lines)


@mutation("whole")
def swap_two_passages_and_their_indexes(bundle: Path, made: Made) -> None:
    found = [json.loads(line) for line in lines_of(bundle)]
    found[7], found[8] = found[8], found[7]
    put_lines(bundle, [json.dumps({**record, "index": place}) for place, record in enumerate(found)])


@mutation("whole")
def alter_a_salt(bundle: Path, made: Made) -> None:
    edit_record(bundle, 5, lambda record: record.update(salt=base64.b64encode(bytes(16)).decode()))


@mutation("whole")
def swap_two_salts(bundle: Path, made: Made) -> None:
    lines = [json.loads(line) for line in lines_of(bundle)]
    lines[5]["salt"], lines[6]["salt"] = lines[6]["salt"], lines[5]["salt"]
    put_lines(bundle, [json.dumps(line) for line in lines])


@mutation("whole")
def lengthen_a_salt_by_the_text_after_it(bundle: Path, made: Made) -> None:
    edit_record(bundle, 5, lambda record: record.update(salt=base64.b64encode(bytes(17)).decode()))


@mutation("whole")
def pass_off_a_passage_as_erased_with_another_entry(bundle: Path, made: Made) -> None:
    def change(record: dict[str, Any]) -> None:
        del record["salt"], record["passage"]
        record["entry"] = base64.b64encode(bytes(32)).decode()

    edit_record(bundle, 5, change)


@mutation("whole")
def name_a_member_twice(bundle: Path, made: Made) -> None:
    lines = lines_of(bundle)
    lines[4] = lines[4].replace('"gate":', '"gate": "harmless", "gate":')
    put_lines(bundle, lines)


@mutation("whole")
def add_a_member_to_a_passage(bundle: Path, made: Made) -> None:
    edit_record(bundle, 4, lambda record: record["passage"].update(note="approved"))


@mutation("whole")
def remove_a_member_of_a_passage(bundle: Path, made: Made) -> None:
    edit_record(bundle, 4, lambda record: record["passage"].pop("case_no"))


@mutation("whole")
def write_a_number_as_a_fraction(bundle: Path, made: Made) -> None:
    edit_record(bundle, 4, lambda record: record["passage"].update(row_count=31.0))


@mutation("whole")
def write_a_number_as_text(bundle: Path, made: Made) -> None:
    edit_record(bundle, 4, lambda record: record["passage"].update(row_count="31"))


@mutation("whole")
def write_true_for_one(bundle: Path, made: Made) -> None:
    edit_record(bundle, 0, lambda record: record["passage"].update(passage_id=True))


@mutation("whole")
def move_text_from_one_member_to_the_next(bundle: Path, made: Made) -> None:
    edit_record(bundle, 4, lambda record: record["passage"].update(gate="usage", audience="_monthretailer"))


@mutation("whole")
def cut_the_last_line_short(bundle: Path, made: Made) -> None:
    edit_text(bundle / "passages.jsonl", lambda text: text[:-20])


@mutation("whole")
def remove_the_passages_file(bundle: Path, made: Made) -> None:
    (bundle / "passages.jsonl").unlink()


@mutation("whole")
def add_a_file(bundle: Path, made: Made) -> None:
    (bundle / "passages2.jsonl").write_text("")


for path in ["tile/0/000", "tile/0/002.p/88", "tile/1/000.p/2", "tile/entries/001", "tile/entries/002.p/88"]:

    def flip_in(bundle: Path, made: Made, path: str = path) -> None:
        edit_bytes(bundle / path, flip(40))

    def cut(bundle: Path, made: Made, path: str = path) -> None:
        edit_bytes(bundle / path, lambda data: data.__delitem__(slice(-34, None)))

    def lengthen(bundle: Path, made: Made, path: str = path) -> None:
        edit_bytes(bundle / path, lambda data: data.extend(data[:34]))

    def remove(bundle: Path, made: Made, path: str = path) -> None:
        (bundle / path).unlink()

    for verb, function in {
        "flip a bit in": flip_in,
        "cut": cut,
        "lengthen": lengthen,
        "remove": remove,
    }.items():
        MUTATIONS[f"whole: {verb} {path}"] = ("whole", function)
        MUTATIONS[f"log: {verb} {path}"] = ("log", function)


@mutation("log")
def swap_two_tiles(bundle: Path, made: Made) -> None:
    first, second = bundle / "tile/0/000", bundle / "tile/0/001"
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)


@mutation("log")
def swap_two_tiles_with_their_bundles(bundle: Path, made: Made) -> None:
    swap_two_tiles(bundle, made)
    first, second = bundle / "tile/entries/000", bundle / "tile/entries/001"
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)


@mutation("log")
def swap_two_hashes_in_a_tile(bundle: Path, made: Made) -> None:
    def change(data: bytearray) -> None:
        data[0:32], data[32:64] = data[32:64], data[0:32]

    edit_bytes(bundle / "tile/0/000", change)


@mutation("log")
def swap_two_entries_with_their_hashes(bundle: Path, made: Made) -> None:
    swap_two_hashes_in_a_tile(bundle, made)
    entries = unpack_entries((bundle / "tile/entries/000").read_bytes())
    entries[0], entries[1] = entries[1], entries[0]
    (bundle / "tile/entries/000").write_bytes(pack_entries(entries))


@mutation("log")
def replace_an_entry_with_its_hash(bundle: Path, made: Made) -> None:
    entries = unpack_entries((bundle / "tile/entries/000").read_bytes())
    entries[9] = bytes(32)
    (bundle / "tile/entries/000").write_bytes(pack_entries(entries))
    edit_bytes(bundle / "tile/0/000", lambda data: data.__setitem__(slice(288, 320), leaf_hash(bytes(32))))


@mutation("whole")
def add_a_tile_beyond_the_tree(bundle: Path, made: Made) -> None:
    shutil.copy(bundle / "tile/0/000", bundle / "tile/0/003")


@mutation("whole")
def add_a_level(bundle: Path, made: Made) -> None:
    (bundle / "tile/2").mkdir()
    shutil.copy(bundle / "tile/1/000.p/2", bundle / "tile/2/000")


@mutation("log")
def add_a_tile_under_a_name_that_is_none(bundle: Path, made: Made) -> None:
    shutil.copy(bundle / "tile/0/000", bundle / "tile/0/0")


@mutation("log")
def add_an_older_partial_tile_of_another_history(bundle: Path, made: Made) -> None:
    (bundle / "tile/0/002.p/5").write_bytes(bytes(160))


# --- checkpoints ----------------------------------------------------------------------------------


def head_of(bundle: Path) -> tuple[Note, Checkpoint]:
    note = parse_note((bundle / "checkpoint").read_text(encoding="utf-8"))
    return note, parse_checkpoint(note.text)


def put_head(bundle: Path, note: Note) -> None:
    (bundle / "checkpoint").write_text(str(note), encoding="utf-8")


def signed_anew(head: Checkpoint, signer: Signer = LOG_KEY, *, witnesses: bool = False) -> Note:
    note = Note(head.text, (signer.sign(text=head.text, time=NOW),))
    return note.with_signatures([w.sign(text=head.text, time=NOW) for w in WITNESS_KEYS] if witnesses else [])


@mutation("whole")
def enlarge_the_tree_size(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace(f"\n{SIZE}\n", f"\n{SIZE + 1}\n"))


@mutation("whole")
def reduce_the_tree_size(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace(f"\n{SIZE}\n", f"\n{SIZE - 1}\n"))


@mutation("whole")
def write_the_size_with_a_leading_zero(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace(f"\n{SIZE}\n", f"\n0{SIZE}\n"))


@mutation("whole")
def alter_the_root(bundle: Path, made: Made) -> None:
    note, head = head_of(bundle)
    put_head(bundle, Note(Checkpoint(head.origin, head.size, bytes(32)).text, note.signatures))


@mutation("whole")
def alter_the_origin(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace(f"{ORIGIN}\n{SIZE}", f"{ORIGIN}2\n{SIZE}"))


@mutation("whole")
def add_an_extension_line(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace("\n\n—", "\nchecked\n\n—", 1))


@mutation("whole")
def flip_a_bit_of_the_logs_signature(bundle: Path, made: Made) -> None:
    def change(text: str) -> str:
        note = parse_note(text)
        first = note.signatures[0]
        altered = type(first)(first.name, first.key_id, first.data[:-1] + bytes([first.data[-1] ^ 1]))
        return str(Note(note.text, (altered, *note.signatures[1:])))

    edit_text(bundle / "checkpoint", change)


def keep_signatures(bundle: Path, keep: Callable[[str], bool]) -> None:
    note, _ = head_of(bundle)
    put_head(bundle, Note(note.text, tuple(one for one in note.signatures if keep(one.name))))


@mutation("whole")
def remove_the_logs_signature(bundle: Path, made: Made) -> None:
    keep_signatures(bundle, lambda name: name != ORIGIN)


@mutation("whole")
def remove_all_signatures(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.partition("\n\n")[0] + "\n\n")


@mutation("whole")
def remove_a_cosignature(bundle: Path, made: Made) -> None:
    keep_signatures(bundle, lambda name: name != "witness.example/w2")


@mutation("whole")
def repeat_one_cosignature_for_another(bundle: Path, made: Made) -> None:
    note, _ = head_of(bundle)
    one = next(s for s in note.signatures if s.name == "witness.example/w1")
    kept = [s for s in note.signatures if s.name != "witness.example/w2"]
    (bundle / "checkpoint").write_text(str(Note(note.text, (*kept, one, one))), encoding="utf-8")


@mutation("whole")
def alter_a_cosignatures_time(bundle: Path, made: Made) -> None:
    note, _ = head_of(bundle)
    moved = tuple(
        type(s)(s.name, s.key_id, (NOW - 9).to_bytes(8, "big") + s.data[8:])
        if s.name.startswith("witness")
        else s
        for s in note.signatures
    )
    put_head(bundle, Note(note.text, moved))


@mutation("whole")
def let_another_key_sign_under_the_logs_name(bundle: Path, made: Made) -> None:
    _, head = head_of(bundle)
    put_head(bundle, signed_anew(head, key(ORIGIN, ED25519, number=1), witnesses=True))


@mutation("whole")
def put_the_logs_key_id_on_another_keys_signature(bundle: Path, made: Made) -> None:
    note, head = head_of(bundle)
    forged = key(ORIGIN, ED25519, number=1).sign(text=head.text, time=NOW)
    wrong = type(forged)(ORIGIN, LOG_KEY.verifier.key_id, forged.data)
    put_head(bundle, Note(note.text, (wrong, *note.signatures[1:])))


@mutation("whole")
def put_the_kept_checkpoint_in_place_of_the_new_one(bundle: Path, made: Made) -> None:
    (bundle / "checkpoint").write_text(made.old_checkpoint, encoding="utf-8")


@mutation("whole")
def use_windows_line_ends_in_the_checkpoint(bundle: Path, made: Made) -> None:
    edit_text(bundle / "checkpoint", lambda text: text.replace("\n", "\r\n"))


@mutation("whole")
def empty_the_checkpoint(bundle: Path, made: Made) -> None:
    (bundle / "checkpoint").write_text("")


# --- the owner of the log's key rewrites history --------------------------------------------------


def rebuild(bundle: Path, made: Made, passages: list[dict[str, Any]], *, witnesses: bool) -> None:
    """A bundle that is right in itself, with a valid signature of the log, about another history."""
    shutil.rmtree(bundle)
    root = bundle.with_name("forged-log")
    changed = records(passages)
    grow(root, changed, witnesses=witnesses)
    log = published(store=DirectoryStore(root=root))
    span = (0, len(changed))
    write_bundle(root=bundle, log=log, records=changed, kind="whole", span=span)


def history() -> list[dict[str, Any]]:
    return [passage(number) for number in range(SIZE)]


@mutation("whole")
def roll_the_log_back_and_sign_again(bundle: Path, made: Made) -> None:
    rebuild(bundle, made, history()[: OLD - 1], witnesses=True)


@mutation("whole")
def rewrite_an_old_passage_and_sign_again(bundle: Path, made: Made) -> None:
    changed = history()
    changed[20]["person"] = "nobody"
    rebuild(bundle, made, changed, witnesses=True)


@mutation("whole")
def drop_an_old_passage_and_sign_again(bundle: Path, made: Made) -> None:
    changed = history()
    del changed[20]
    rebuild(bundle, made, changed, witnesses=True)


@mutation("whole")
def insert_an_old_passage_and_sign_again(bundle: Path, made: Made) -> None:
    rebuild(bundle, made, [*history()[:20], passage(5000), *history()[20:]], witnesses=True)


@mutation("whole")
def reorder_old_passages_and_sign_again(bundle: Path, made: Made) -> None:
    changed = history()
    changed[20], changed[21] = changed[21], changed[20]
    rebuild(bundle, made, changed, witnesses=True)


@mutation("whole")
def rewrite_a_new_passage_and_sign_again_without_witnesses(bundle: Path, made: Made) -> None:
    changed = history()
    changed[-1]["person"] = "nobody"
    rebuild(bundle, made, changed, witnesses=False)


# --- proofs and consistency -----------------------------------------------------------------------

ZERO = base64.b64encode(bytes(32)).decode()
PROOF = "proofs/255.tlog-proof"


def edit_hashes(
    bundle: Path, change: Callable[[list[str]], list[str]], path: str = PROOF, head: int = 3
) -> None:
    def edit(text: str) -> str:
        top, _, rest = text.partition("\n\n")
        lines = top.split("\n")
        return "\n".join(lines[:head] + change(lines[head:])) + "\n\n" + rest

    edit_text(bundle / path, edit)


for kind_of_proof, path, lines_before in [("range", PROOF, 3), ("range", f"consistency/{OLD}.proof", 1)]:
    noun = path.split("/")[0]
    changes: dict[str, Callable[[list[str]], list[str]]] = {
        "alter a hash in": lambda lines: [ZERO, *lines[1:]],
        "remove the first hash of": lambda lines: lines[1:],
        "remove the last hash of": lambda lines: lines[:-1],
        "append a hash to": lambda lines: [*lines, lines[-1]],
        "put a hash before": lambda lines: [lines[0], *lines],
        "reverse the hashes of": lambda lines: lines[::-1],
        "cut a hash of": lambda lines: [base64.b64encode(bytes(31)).decode(), *lines[1:]],
    }
    for verb, edit in changes.items():

        def change_hashes(
            bundle: Path, made: Made, edit: Any = edit, path: str = path, before: int = lines_before
        ) -> None:
            edit_hashes(bundle, edit, path, before)

        MUTATIONS[f"{kind_of_proof}: {verb} {noun}"] = (kind_of_proof, change_hashes)


@mutation("range")
def alter_the_index_of_a_proof(bundle: Path, made: Made) -> None:
    edit_text(bundle / PROOF, lambda text: text.replace("\nindex 255\n", "\nindex 254\n"))


@mutation("range")
def swap_two_proofs(bundle: Path, made: Made) -> None:
    first, second = bundle / PROOF, bundle / "proofs/256.tlog-proof"
    held = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(held)


@mutation("range")
def remove_a_proof(bundle: Path, made: Made) -> None:
    (bundle / PROOF).unlink()


@mutation("range")
def add_a_proof_without_passage(bundle: Path, made: Made) -> None:
    shutil.copy(bundle / PROOF, bundle / "proofs/12.tlog-proof")


@mutation("range")
def alter_the_record_inside_a_proof(bundle: Path, made: Made) -> None:
    def change(text: str) -> str:
        line = text.split("\n")[1]
        record = json.loads(base64.b64decode(line[6:]))
        record["passage"]["person"] = "nobody"
        return text.replace(line, "extra " + base64.b64encode(json.dumps(record).encode()).decode())

    edit_text(bundle / PROOF, change)


@mutation("range")
def remove_the_record_from_a_proof(bundle: Path, made: Made) -> None:
    edit_text(
        bundle / PROOF,
        lambda text: "\n".join([line for line in text.split("\n") if not line.startswith("extra")]),
    )


@mutation("range")
def rest_a_proof_on_the_older_checkpoint(bundle: Path, made: Made) -> None:
    edit_text(bundle / PROOF, lambda text: text.partition("\n\n")[0] + "\n\n" + made.old_checkpoint)


@mutation("selected")
def alter_a_selected_passage(bundle: Path, made: Made) -> None:
    altering("person", "nobody", "selected")(bundle, made)


@mutation("selected")
def select_a_passage_that_is_not_in_the_log(bundle: Path, made: Made) -> None:
    def change(record: dict[str, Any]) -> None:
        record["passage"]["person"] = "planted"

    edit_record(bundle, 1, change)
    record = {name: value for name, value in json.loads(lines_of(bundle)[1]).items() if name != "index"}
    extra = "extra " + base64.b64encode(json.dumps(record).encode()).decode()
    edit_text(bundle / PROOF, lambda text: text.replace(text.split("\n")[1], extra))


@mutation("range")
def remove_the_consistency_proof(bundle: Path, made: Made) -> None:
    (bundle / f"consistency/{OLD}.proof").unlink()


@mutation("range")
def alter_the_old_size_of_the_consistency_proof(bundle: Path, made: Made) -> None:
    edit_text(bundle / f"consistency/{OLD}.proof", lambda text: text.replace(f"old {OLD}", f"old {OLD - 1}"))


@mutation("whole")
def put_an_older_checkpoint_of_another_history_beside_it(bundle: Path, made: Made) -> None:
    other = signed_anew(Checkpoint(ORIGIN, 77, bytes(32)))
    (bundle / "consistency/77.checkpoint").write_text(str(other), encoding="utf-8")


@mutation("whole")
def put_an_unsigned_older_checkpoint_beside_it(bundle: Path, made: Made) -> None:
    edit_text(
        bundle / f"consistency/{OLD}.checkpoint", lambda text: text.replace(f"— {ORIGIN}", "— somebody")
    )


@mutation("whole")
def claim_another_origin_in_the_description(bundle: Path, made: Made) -> None:
    edit_text(bundle / "bundle.json", lambda text: text.replace(ORIGIN, "other.example/log"))


@mutation("whole")
def claim_fewer_entries_in_the_description(bundle: Path, made: Made) -> None:
    put_lines(bundle, lines_of(bundle)[:-1])
    edit_text(bundle / "bundle.json", lambda text: text.replace(f'"end": {SIZE}', f'"end": {SIZE - 1}'))


@mutation("whole")
def remove_the_description(bundle: Path, made: Made) -> None:
    (bundle / "bundle.json").unlink()


def test_the_list_is_long_enough() -> None:
    assert len(MUTATIONS) >= 40


@pytest.mark.parametrize("name", MUTATIONS)
def test_every_mutation_is_found(
    name: str, made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kind, mutate = MUTATIONS[name]
    bundle = tmp_path / kind
    shutil.copytree(made.root / kind, bundle)
    mutate(bundle, made)
    code, found = verdict(bundle, options(kind, made), capsys)
    assert code == 1
    assert found["findings"]
    assert all(finding["ja"] and finding["en"] for finding in found["findings"])


def test_the_kept_checkpoint_of_another_log_is_refused(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "kept"
    other.write_text(
        str(signed_anew(Checkpoint("other.example/log", 5, bytes(32)), key("other.example/log")))
    )
    words = options("whole", made)
    words[words.index(str(made.previous))] = str(other)
    assert verdict(made.root / "whole", words, capsys)[0] == 1


def test_the_wrong_key_accepts_nothing(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    words = options("whole", made)
    words[words.index(str(LOG_KEY.verifier))] = str(key(ORIGIN, number=9).verifier)
    assert verdict(made.root / "whole", words, capsys)[0] == 1


def test_an_erased_passage_still_stands_in_its_place(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bundle = tmp_path / "whole"
    shutil.copytree(made.root / "whole", bundle)
    entry = base64.b64encode(made.records[5].entry).decode()

    def erase(record: dict[str, Any]) -> None:
        del record["salt"], record["passage"]
        record["entry"] = entry

    edit_record(bundle, 5, erase)
    code, found = verdict(bundle, options("whole", made), capsys)
    assert (code, found["shown"]["erased"], found["shown"]["passages"]) == (0, 1, SIZE - 1)


def test_the_verifier_runs_alone_and_reads_a_zip(made: Made, tmp_path: Path) -> None:
    alone = tmp_path / "elsewhere" / "sekisho_verify.py"
    alone.parent.mkdir()
    shutil.copy(VERIFIER, alone)
    archive = shutil.make_archive(str(tmp_path / "bundle"), "zip", made.root / "whole")
    # -I -S: no site-packages, no environment, no current directory. Only the standard library is left.
    words = [sys.executable, "-I", "-S", str(alone), archive, *options("whole", made)]
    done = subprocess.run(words, capture_output=True, text=True, cwd="/", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["shown"]["size"] == SIZE


def test_a_single_proof_is_a_bundle(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--log-key", str(LOG_KEY.verifier), "--json"]
    code, found = verdict(made.root / "selected" / PROOF, words, capsys)
    assert (code, found["shown"]["record"]["passage"]) == (0, passage(255))
    altered = tmp_path / "255.tlog-proof"
    shutil.copy(made.root / "selected" / PROOF, altered)
    edit_text(altered, lambda text: text.replace("index 255", "index 254"))
    assert verdict(altered, words, capsys)[0] == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ([], 2),
        (["--log-key", "nonsense"], 2),
        (["--log-key", str(LOG_KEY.verifier), "--expect", "most"], 2),
        (["--log-key", str(LOG_KEY.verifier), "--quorum", "1"], 2),
        (["--log-key", str(LOG_KEY.verifier), "--previous", "/nowhere"], 3),
        (["--log-key", "@/nowhere"], 3),
    ],
)
def test_wrong_use(words: list[str], code: int, made: Made) -> None:
    assert sekisho_verify.main([str(made.root / "whole"), *words]) == code
