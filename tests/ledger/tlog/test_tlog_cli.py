"""`sekisho ledger …` as a person types it: seal, prove, verify, witness, vectors."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from test_tlog_vectors import all_vectors, inclusion, write
from tlog_world import Passages

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def command(home: Path, conninfo: str, *words: object) -> list[str]:
    start = [sys.executable, "-c", "from sekisho.surfaces.cli import main; main()", "ledger"]
    return [*start, *map(str, words), "--home", str(home), "--database-url", conninfo, "--lang", "en"]


@pytest.fixture
def run(tmp_path: Path, conninfo: str) -> Run:
    def call(*words: object, code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            command(tmp_path / "home", conninfo, *words),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == code, done.stderr + done.stdout
        return done

    return call


def data(done: subprocess.CompletedProcess[str]) -> Any:
    return json.loads(done.stdout)


def test_from_passages_to_a_verified_bundle(run: Run, passages: Passages, tmp_path: Path) -> None:
    key = run("keys", "--origin", "sekisho.example/log").stdout.strip()
    assert key.startswith("sekisho.example/log+")
    run("keys", "--origin", "other.example/log", code=1)
    assert run("prove", "--all", "--out", tmp_path / "early", code=1).stderr.startswith(
        "Error: There is no checkpoint"
    )
    written = passages.write(300)
    found = data(run("checkpoint", "--json", "--max-lag", "60"))
    assert (found["sequenced"], found["size"], found["published"], found["open"]) == (300, 300, 300, True)
    kept = tmp_path / "kept"
    kept.write_bytes((tmp_path / "home/ledger/log/checkpoint").read_bytes())
    passages.write(20)
    assert data(run("checkpoint", "--reconcile", "--json"))["sequenced"] == 20
    assert data(run("lag", "--json"))["published"] == 320

    bundles = {
        "whole.zip": ["--all", "--since", kept],
        "range": ["--range", "290:310", "--since", kept],
        "selected": ["--passage", written[7], "--index", 319],
    }
    for name, words in bundles.items():
        made = data(run("prove", *words, "--out", tmp_path / name, "--json"))
        seen = data(run("verify", tmp_path / name, "--log-key", key, "--json"))
        assert (seen["holds"], seen["shown"]["kind"]) == (True, made["kind"])
    assert data(run("verify", "--json", "--previous", kept))["shown"]["consistent_with"] == [300]
    with zipfile.ZipFile(tmp_path / "whole.zip") as archive:
        assert "passages.jsonl" in archive.namelist()
    (tmp_path / "range/passages.jsonl").write_text("")
    assert "VERIFICATION FAILED" in run("verify", tmp_path / "range", "--log-key", key, code=1).stdout


def test_the_verifier_can_be_handed_out(run: Run, tmp_path: Path) -> None:
    run("verify", "--copy-to", tmp_path / "v.py")
    done = subprocess.run(
        [sys.executable, "-I", "-S", tmp_path / "v.py", "--help"], check=True, capture_output=True
    )
    assert "--log-key" in done.stdout.decode()


def test_ml_dsa_signs_beside_ed25519(run: Run, passages: Passages, tmp_path: Path) -> None:
    keys = run("keys", "--ml-dsa").stdout.split()
    passages.write(3)
    run("checkpoint")
    words = ["--log-key", keys[0], "--witness-key", keys[1], "--json"]
    seen = data(run("verify", tmp_path / "home/ledger/log", *words))
    assert (seen["holds"], len(seen["shown"]["cosigned"])) == (True, 1)


def test_an_alarm_is_an_exit_code(run: Run, passages: Passages) -> None:
    run("checkpoint", "--max-lag", "60")
    run("lag")
    passages.connection.execute("update ledger.seal set sealed_through = now() - interval '45 seconds'")
    assert data(run("lag", "--json", code=1))["alarm"] is True
    run("checkpoint", "--max-lag", "0")
    run("lag")


def test_a_witness_and_a_log_that_follows(
    run: Run, passages: Passages, tmp_path: Path, conninfo: str
) -> None:
    home = tmp_path / "home"
    log_key = run("keys").stdout.strip()
    state = tmp_path / "witness"
    witness_key = run("witness", "--state", state, "--name", "witness.example/w").stdout.strip()
    words = command(home, conninfo, "witness", "--state", state, "--log", log_key, "--listen", "127.0.0.1:0")
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as witness:
        assert witness.stderr is not None
        address = witness.stderr.readline().split()[-1].rstrip(".")
        (home / "ledger").mkdir(exist_ok=True)
        (home / "ledger/witnesses").write_text(f"# comment\nhttp://{address} {witness_key}\n")
        following = command(home, conninfo, "checkpoint", "--follow")
        with subprocess.Popen(following, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as log:
            passages.write(30)
            wait_for(lambda: (home / "ledger/log/checkpoint").exists() and "\n30\n" in text_of(home))
            passages.write(3)
            wait_for(lambda: "\n33\n" in text_of(home))
            log.send_signal(signal.SIGTERM)
            assert log.wait(timeout=30) == 0
        seen = data(
            run("verify", "--json", "--witness-key", witness_key, "--log-key", log_key, home / "ledger/log")
        )
        assert seen["shown"]["witnesses"] == ["witness.example/w"]
        witness.send_signal(signal.SIGTERM)
        assert witness.wait(timeout=30) == 0
    passages.write(1)
    assert "ConnectionRefused" in run("checkpoint", code=1).stderr
    run("checkpoint", "--quorum", "0")


def text_of(home: Path) -> str:
    return (home / "ledger/log/checkpoint").read_text(encoding="utf-8")


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.05)


def test_vectors(run: Run, tmp_path: Path) -> None:
    all_vectors(tmp_path / "good")
    found = data(run("vectors", tmp_path / "good", "--json"))
    assert (found["wrong"], found["run"] > 300, found["rejected"] > 20) == ([], True, True)
    write(tmp_path / "lying", "x", inclusion(3, 7) | {"wantErr": True})
    assert len(data(run("vectors", tmp_path / "lying", "--json", code=1))["wrong"]) == 1


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["prove", "--out", "x"], 2),
        (["prove", "--out", "x", "--all", "--range", "0:1"], 2),
        (["prove", "--out", "x", "--range", "1-2"], 2),
        (["witness", "--state", "unnamed"], 2),
    ],
)
def test_wrong_use(
    words: list[str], code: int, run: Run, passages: Passages, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if words[0] == "prove":
        run("checkpoint")
    monkeypatch.chdir(tmp_path)
    run(*words, code=code)
