"""The documents name only what exists: files, commands, options, variables, units, code."""

from __future__ import annotations

import configparser
import re
import shlex
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import typer

from sekisho.settings.surfaces import SURFACES
from sekisho.surfaces.cli.root import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
TOP = ("README", "README.ja", "ARCHITECTURE", "GLOSSARY", "SECURITY", "CHANGELOG")
PAGES = [*(ROOT / f"{name}.md" for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
GUIDES = [
    *(ROOT / f"README{language}.md" for language in ("", ".ja")),
    *sorted((ROOT / "docs").glob("operators-manual*.md")),
    *sorted((ROOT / "docs").glob("retailer-api*.md")),
    ROOT / "docs" / "benchmarks.md",
]
UNITS = sorted((ROOT / "docs" / "systemd").glob("*.service"))
GLOBAL_OPTIONS = {"--home", "--database-url", "--lang", "--help"}
PLACEHOLDERS = {"…", "NAME"}
MAX_PICTURE_BYTES = 150_000


def names(paths: list[Path]) -> list[str]:
    return [str(path.relative_to(ROOT)) for path in paths]


def anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=names(PAGES))
def test_links_and_pictures_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        found = (page.parent / path).resolve() if path else page
        assert found.exists(), target
        assert not anchor or anchor in anchors(found.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("english", [page for page in GUIDES if page.with_suffix(".ja.md").exists()], ids=str)
def test_both_languages_show_the_same_commands(english: Path) -> None:
    pair = (english, english.with_suffix(".ja.md"))
    ours, theirs = ([stripped(line) for line in code_lines(page)] for page in pair)
    assert [line for line in ours if line] == [line for line in theirs if line]


def stripped(line: str) -> str:
    """A line of code without its comment and the words that belong to people."""
    return re.sub(r"\s+#\s.*$|^#\s.*$", "", line).strip()


def code_lines(page: Path) -> Iterator[str]:
    for block in re.findall(
        r"^ *```[a-z]*\n(.*?)^ *```", page.read_text(encoding="utf-8"), flags=re.M | re.S
    ):
        yield from block.replace("\\\n", " ").splitlines()


def invocations(text: str) -> Iterator[list[str]]:
    """Every `sekisho …` of a line, as words."""
    for found in re.finditer(r"(?:^|[\s;(/])sekisho ((?!in\b)[^\n`|;&<>()]*)", text):
        yield shlex.split(found[1].split(" #")[0])


def said_in(page: Path) -> list[list[str]]:
    text = page.read_text(encoding="utf-8")
    spans = re.findall(r"(?<!`)`([^`\n]+)`(?!`)", text)
    return [words for line in [*code_lines(page), *spans] for words in invocations(stripped(line)) if words]


@cache
def command(name: str) -> Any:
    """The command called `name` at the root, as the command line would load it."""
    app = import_module(f"sekisho.surfaces.cli.{COMMANDS[name].module}").app
    app._add_completion = False
    return typer.main.get_command(app)


def refusal(words: list[str]) -> str | None:
    """Why the command line would not know these words, or None."""
    while words and words[0] in GLOBAL_OPTIONS:
        words = words[2:]
    if not words or words[0] in PLACEHOLDERS:
        return None
    name, *rest = words
    if name not in COMMANDS or find_spec(f"sekisho.surfaces.cli.{COMMANDS[name].module}") is None:
        return f"no command {name}"
    if name == "bench":
        return bench_refusal(rest)
    return refused_below(command(name), rest)


def refused_below(found: Any, rest: list[str]) -> str | None:
    if hasattr(found, "commands") and rest and not rest[0].startswith("-"):
        inner = found.commands.get(rest[0])
        if inner is not None:
            return refused_below(inner, rest[1:])
        if rest[0].islower() and "." not in rest[0]:
            return f"no subcommand {rest[0]}"
    known = {
        option for param in found.params for option in (*param.opts, *param.secondary_opts)
    } | GLOBAL_OPTIONS
    unknown = [word for word in rest if word.startswith("--") and word.split("=")[0] not in known]
    return f"unknown options {unknown}" if unknown and not hasattr(found, "commands") else None


def bench_refusal(rest: list[str]) -> str | None:
    if not rest or rest[0] in PLACEHOLDERS:
        return None
    modules = {path.stem.rstrip("_").replace("_", "-"): path for path in (ROOT / "bench").glob("[!_]*.py")}
    if rest[0] not in modules:
        return f"no measurement {rest[0]}"
    source = modules[rest[0]].read_text(encoding="utf-8")
    unknown = [
        word for word in rest[1:] if word.startswith("--") and word != "--json" and f'"{word}"' not in source
    ]
    return f"unknown options {unknown}" if unknown else None


@pytest.mark.parametrize("page", GUIDES, ids=names(GUIDES))
def test_named_commands_exist(page: Path) -> None:
    wrong = {" ".join(words): reason for words in said_in(page) if (reason := refusal(words))}
    assert wrong == {}


@pytest.mark.parametrize(
    ("words", "known"),
    [
        (["barrier", "prove"], True),
        (["barrier", "promise"], False),
        (["ledger", "checkpoint", "--follow", "--max-lag", "60"], True),
        (["ledger", "checkpoint", "--faster"], False),
        (["invent"], False),
        (["bench", "gate", "--points", "5000"], True),
        (["bench", "gate", "--pints", "5000"], False),
        (["bench", "import", "--points", "5000"], True),
        (["bench", "import_"], False),
        (["--lang", "en", "demo", "--no-serve"], True),
    ],
)
def test_a_wrong_command_would_be_noticed(words: list[str], known: bool) -> None:
    assert (refusal(words) is None) is known


@cache
def source() -> str:
    places = [
        *(ROOT / "src").rglob("*.py"),
        *(ROOT / "tools").glob("*.py"),
        *(ROOT / "bench").glob("*.py"),
        ROOT / "sekisho",
    ]
    return "\n".join(path.read_text(encoding="utf-8") for path in places)


@pytest.mark.parametrize("page", [*GUIDES, *UNITS], ids=names([*GUIDES, *UNITS]))
def test_named_variables_are_read(page: Path) -> None:
    found = set(re.findall(r"\b(?:SEKISHO|PROMETHEUS)_[A-Z_]+\b", page.read_text(encoding="utf-8")))
    assert {name for name in found if name not in source()} == set()


@pytest.mark.parametrize("page", GUIDES, ids=names(GUIDES))
def test_named_measurements_exist(page: Path) -> None:
    found = set(
        re.findall(r"\bsekisho_(?!owner)[a-z_]+(?:_total|_seconds)\b", page.read_text(encoding="utf-8"))
    )
    assert {name for name in found if f'"{name}"' not in source()} == set()


@pytest.mark.parametrize("page", GUIDES, ids=names(GUIDES))
def test_named_api_addresses_exist(page: Path) -> None:
    operations = (ROOT / "src/sekisho/surfaces/retailer_api/operations.py").read_text(encoding="utf-8")
    declared = set(re.findall(r'@api\.\w+\(\s*"([^"]+)"', operations)) | {"/openapi.json"}
    said = re.findall(r"/api/v1(/[a-z_./{}0-9-]+)", page.read_text(encoding="utf-8"))
    patterns = [re.sub(r"\{\w+\}", r"[^/]+", address) for address in declared]
    wrong = {
        path
        for path in said
        if not path.startswith("/problems/") and not any(re.fullmatch(p, path.rstrip(".")) for p in patterns)
    }
    assert wrong == set()


def unit(path: Path) -> configparser.ConfigParser:
    # A key may stand more than once; the last is enough here.
    parsed = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parsed.optionxform = str  # type: ignore[assignment,method-assign]
    parsed.read_string(path.read_text(encoding="utf-8"))
    return parsed


@pytest.mark.parametrize("path", UNITS, ids=names(UNITS))
def test_units_start_commands_that_exist(path: Path) -> None:
    parsed = unit(path)
    words = shlex.split(parsed["Service"]["ExecStart"])
    assert words[1:3] == ["-P", "-m"]
    if words[3] == "gunicorn":
        module, _, name = words[-1].partition(":")
        place = find_spec(module)
        assert place is not None and place.origin is not None
        assert f"{name} = " in Path(place.origin).read_text(encoding="utf-8")
    else:
        assert words[3] == "sekisho"
        assert refusal(words[4:]) is None
    assert parsed["Service"]["User"].startswith("sekisho")


def test_every_timer_has_its_service() -> None:
    timers = list((ROOT / "docs" / "systemd").glob("*.timer"))
    assert timers
    assert all(timer.with_suffix(".service").exists() for timer in timers)


@pytest.mark.parametrize(
    "page", sorted((ROOT / "docs").glob("operators-manual*.md")), ids=lambda path: path.name
)
def test_the_manual_names_every_surface_and_unit(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert all(surface in text for surface in SURFACES)
    assert all(path.stem.rstrip("@") in text for path in UNITS)


def test_code_names_of_the_glossary_exist() -> None:
    rows = re.findall(
        r"^\|[^|]+\|([^|]+)\|", (ROOT / "GLOSSARY.md").read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    said = {name.rstrip("*") for cell in rows for name in re.findall(r"`([^`]+)`", cell)}
    everywhere = source() + "\n".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "src").rglob("*.sql")
    )
    last_parts = {name: re.split(r"[.\s]", name)[-1] for name in said if not name.isdigit()}
    assert last_parts
    assert {name for name, part in last_parts.items() if part not in everywhere} == set()


@pytest.mark.parametrize(
    "picture", sorted((ROOT / "docs" / "pictures").glob("*.png")), ids=lambda path: path.name
)
def test_pictures_are_small_and_used(picture: Path) -> None:
    assert picture.stat().st_size < MAX_PICTURE_BYTES
    assert any(f"pictures/{picture.name}" in page.read_text(encoding="utf-8") for page in PAGES)


@pytest.mark.parametrize("page", GUIDES, ids=names(GUIDES))
def test_tours_name_accounts_of_the_demonstration(page: Path) -> None:
    accounts = (ROOT / "src/sekisho/demo/data/accounts.csv").read_text(encoding="utf-8")
    said = set(re.findall(r"`([a-z]\.[a-z]+)`", page.read_text(encoding="utf-8")))
    assert {name for name in said if f"\n{name}," not in accounts} == set()
