"""What `serve` tells each process: its own audience's secrets, and nothing of anybody else's."""

from __future__ import annotations

import random
import socket
from dataclasses import replace
from pathlib import Path

import pytest

from sekisho.ledger.site import Site
from sekisho.server.addresses import LOOPBACK, free_port
from sekisho.settings.handover import hand_over, hand_over_service
from sekisho.settings.home import Home
from sekisho.settings.surfaces import SURFACES
from sekisho.surfaces.cli.invocation import Invocation
from sekisho.surfaces.cli.serve import Wish, choose_ports, sequencer_service, surface_service, worker_service

SERVER = "host=127.0.0.1 port=5432 dbname=sekisho"


@pytest.fixture
def call(tmp_path: Path) -> Invocation:
    return Invocation(Home(tmp_path / "home").prepare(), None)


@pytest.mark.parametrize("surface", SURFACES)
def test_a_surface_gets_the_secrets_of_its_audience_only(
    call: Invocation, tmp_path: Path, surface: str
) -> None:
    own = hand_over(surface=surface, home=call.home, target=tmp_path / "own")
    given = {path.relative_to(own.secrets).as_posix() for path in own.secrets.rglob("*") if path.is_file()}
    wanted = SURFACES[surface]
    expected = {f"logins/{wanted.login}", f"tickets/{wanted.audience}", f"surfaces/{surface}"}
    if wanted.accounts:
        expected |= {f"logins/sekisho_{wanted.accounts}", f"accounts/{wanted.accounts}"}
    if surface in ("retailer_web", "security_web"):  # open the files that the worker sealed for their readers
        expected |= {f"exports/{wanted.audience}"}
    assert given == expected
    for name in given:
        assert own.read_secret(name=name) == call.home.read_secret(name=name)


def test_what_an_earlier_process_was_given_is_gone(call: Invocation, tmp_path: Path) -> None:
    target = tmp_path / "own"
    hand_over(surface="operator_web", home=call.home, target=target)
    own = hand_over(surface="public_web", home=call.home, target=target)
    assert not own.secret_path(name="tickets/operator").exists()


def test_nothing_secret_stands_in_the_environment(
    call: Invocation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SEKISHO_DATABASE_URL", "PGPASSWORD", "AWS_SECRET_ACCESS_KEY", "PYTHONPATH"):
        monkeypatch.setenv(name, "geheim")
    monkeypatch.setenv("SEKISHO_HOSTS", "portal.example")
    surface = surface_service(call, Wish(), "retailer_web", 8001, tmp_path / "own", SERVER)
    others = [worker_service(call, SERVER), sequencer_service(call, SERVER, 8007)]
    said = [text for one in (surface, *others) for text in (*one.environ.values(), *one.argv)]
    assert not any("geheim" in text for text in said)
    assert surface.environ["SEKISHO_HOME"] == str(tmp_path / "own")
    assert surface.environ["SEKISHO_SURFACE"] == "retailer_web"
    assert surface.environ["SEKISHO_DATABASE_URL"] == SERVER
    assert surface.environ["SEKISHO_HOSTS"] == "portal.example"


def test_a_surface_listens_on_this_machine_only(call: Invocation, tmp_path: Path) -> None:
    argv = surface_service(call, replace(Wish(), processes=3), "auditor_web", 8005, tmp_path, SERVER).argv
    assert f"--bind={LOOPBACK}:8005" in argv
    assert "--workers=3" in argv
    assert "--no-control-socket" in argv


def test_the_sequencer_answers_on_this_machine_only(call: Invocation) -> None:
    sequencer = sequencer_service(call, SERVER, 8007)
    assert sequencer.argv[-3:] == ["--follow", "--listen", f"{LOOPBACK}:8007"]
    assert sequencer.port == 8007


@pytest.mark.parametrize(
    ("service", "secrets"),
    [
        # the worker writes retailers' large files through their gates, and seals findings for security
        (
            "worker",
            {
                "logins/sekisho_worker",
                "logins/sekisho_retailer_web",
                "tickets/retailer",
                "exports/retailer",
                "exports/security",
            },
        ),
        ("sequencer", {"logins/sekisho_sequencer", "ledger/log.key"}),
    ],
)
def test_a_process_without_pages_gets_the_secrets_of_its_work(
    call: Invocation, tmp_path: Path, service: str, secrets: set[str]
) -> None:
    Site(home=call.home, random=random.Random(1).randbytes, clock=lambda: 0.0).signers()
    own = hand_over_service(service=service, home=call.home, target=tmp_path / "own")
    given = {path.relative_to(own.secrets).as_posix() for path in own.secrets.rglob("*") if path.is_file()}
    assert given == secrets


def test_a_demonstrations_home_says_so_to_every_process(call: Invocation, tmp_path: Path) -> None:
    assert call.home.environment() == "production"
    call.home.name_environment("demo")
    assert hand_over(surface="public_web", home=call.home, target=tmp_path / "own").environment() == "demo"


def test_a_taken_port_is_passed_over() -> None:
    first = free_port()
    with socket.socket() as other:
        other.bind((LOOPBACK, first))
        other.listen()
        ports = choose_ports(names=("a", "b", "c"), first=first)
    assert first not in ports.values()
    assert len(set(ports.values())) == 3
