"""Where an installation keeps its log: below its home, or in an object store (S3, Google Cloud, Azure) that its configuration names.

<home>/ledger/store.toml        url, and options that are no secrets: region, endpoint
<home>/secrets/ledger/objects   what opens the store, as JSON; without it, what the machine itself is allowed (an instance's role)

A file and no environment variable: the sequencer, the worker and the command line must agree, and a process is told nothing
secret by its environment. Object stores are reached through `obstore` (MIT), which is installed only where it is wanted.
"""

from __future__ import annotations

import json
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from sekisho.kernel.errors import EnvironmentFault, SekishoError, WrongUse
from sekisho.ledger.log import CHECKPOINT
from sekisho.ledger.notes import parse_checkpoint, parse_note
from sekisho.ledger.storage import DirectoryStore, Objects, ObjectStore, Store
from sekisho.settings.home import Home

SCHEMES: Final = ("s3", "gs", "az", "https", "http", "file")
OPENS: Final = "ledger/objects"
_FILE: Final = "store.toml"
_BATCH: Final = 200
_TELLING: Final = ("secret", "password", "token", "credential", "account_key", "access_key", "sas", "private")


class UnableToReachObjects(EnvironmentFault):
    """The object store cannot be opened: the library is missing, or it refused."""


class UnableToMoveLog(SekishoError):
    """Another log lies where this one should go."""


@dataclass(frozen=True, slots=True)
class Place:
    """An object store and the prefix in it. `options` are obstore's configuration names."""

    url: str
    options: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        scheme, colon, _ = self.url.partition("://")
        if not colon or scheme not in SCHEMES or "@" in self.url or "?" in self.url:
            raise WrongUse(
                f"保存先 {self.url!r} は使えません。{'・'.join(SCHEMES)}:// で始め、認証情報を含めないでください。",
                f"The log cannot be kept at {self.url!r}: begin with one of {', '.join(SCHEMES)} and name no credentials.",
            )
        for name in self.options:
            if any(word in name.lower() for word in _TELLING):
                raise WrongUse(
                    f"{name} は認証情報です。--credentials で渡してください。",
                    f"{name} is a credential: hand it over with --credentials.",
                )


def place_of(home: Home) -> Place | None:
    """Return the object store that the home names; None: the log lies below the home."""
    path = home.root / "ledger" / _FILE
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
        return Place(
            str(found["url"]), {str(name): str(value) for name, value in found.get("options", {}).items()}
        )
    except FileNotFoundError:
        return None
    except (tomllib.TOMLDecodeError, KeyError) as fault:
        raise WrongUse(f"{path} を読み取れません({fault})。", f"{path} cannot be read ({fault}).") from None


def name_place(home: Home, place: Place | None) -> None:
    """Write the configuration, or remove it; whole or not at all."""
    path = home.root / "ledger" / _FILE
    if place is None:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(mode=0o700, exist_ok=True)
    lines = [f"url = {json.dumps(place.url)}", "", "[options]"]
    lines += [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in sorted(place.options.items())]
    draft = path.with_name(f".{_FILE}")
    draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
    draft.replace(path)


def credentials_of(text: str) -> dict[str, str]:
    """Return credentials given as a JSON object of texts; raise `WrongUse`, which never repeats them."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        raise WrongUse(
            '認証情報は {"aws_access_key_id": "…"} のような JSON です。',
            'Credentials are JSON such as {"aws_access_key_id": "…"}.',
        )
    return found


def objects_at(place: Place, credentials: Mapping[str, str]) -> Objects:
    """Open an object store through `obstore`; raise `UnableToReachObjects` where it is not installed or refuses the configuration."""
    try:
        from obstore import store
    except ModuleNotFoundError:
        raise UnableToReachObjects(
            "オブジェクトストレージには obstore が要ります: pip install 'sekisho[objects]'",
            "Object storage needs obstore: pip install 'sekisho[objects]'",
        ) from None
    if place.url.startswith("file:"):  # a network file system, or a test
        Path(unquote(urlsplit(place.url).path)).mkdir(mode=0o700, parents=True, exist_ok=True)
    plain = {"client_options": {"allow_http": True}} if place.url.startswith("http:") else {}
    if str(place.options.get("endpoint", "")).startswith("http:"):
        plain = {"client_options": {"allow_http": True}}
    given: dict[str, Any] = (
        {"config": {**place.options, **credentials}} if not place.url.startswith("file:") else {}
    )
    open_any: Any = store.from_url  # its overloads name every setting of every store
    try:
        opened: Objects = open_any(place.url, **given, **plain)
    except Exception as fault:
        # The name alone: the library's words may repeat what it was given.
        raise UnableToReachObjects(
            f"保存先 {place.url} を開けません({type(fault).__name__})。",
            f"{place.url} cannot be opened ({type(fault).__name__}).",
        ) from None
    return opened


def open_place(place: Place, credentials: Mapping[str, str]) -> ObjectStore:
    """Return the store at a place."""
    return ObjectStore(objects=objects_at(place, credentials))


def log_of(home: Home) -> DirectoryStore | ObjectStore:
    """Return the published log of a home: enough for reading, without any key that signs."""
    place = place_of(home)
    if place is None:
        return directory_of(home)
    known = home.secret_path(name=OPENS).exists()
    return open_place(place, credentials_of(home.read_secret(name=OPENS)) if known else {})


def directory_of(home: Home) -> DirectoryStore:
    """Return where the log lies unless the home names an object store."""
    return DirectoryStore(root=home.root / "ledger" / "log")


@contextmanager
def local_copy(store: DirectoryStore | ObjectStore) -> Iterator[Path]:
    """Yield a directory that holds the log: its own, or a copy that is thrown away. The checkpoint is read first: what it names is there."""
    if isinstance(store, DirectoryStore):
        yield store.root
        return
    with tempfile.TemporaryDirectory(prefix="sekisho-log-") as directory:
        copy_log(store, DirectoryStore(root=Path(directory)))
        yield Path(directory)


def copy_log(source: DirectoryStore | ObjectStore, target: Store) -> int:
    """Copy a log, tiles first and the checkpoint last; returns the number of files. Repeatable; killed, the target is no log yet.

    Raises `UnableToMoveLog` where the target holds another log, or a later state of this one.
    """
    checkpoint = source.get(CHECKPOINT)
    if checkpoint is None:
        return 0
    _refuse_other_log(checkpoint, target.get(CHECKPOINT))
    paths = [path for path in source.paths() if path != CHECKPOINT]
    for start in range(0, len(paths), _BATCH):
        found = {path: source.get(path) for path in paths[start : start + _BATCH]}
        # A partial tile may have gone meanwhile: its full one stands, and the later checkpoint names it.
        target.create({path: data for path, data in found.items() if data is not None})
    target.replace(CHECKPOINT, checkpoint)
    return len(paths) + 1


def _refuse_other_log(ours: bytes, theirs: bytes | None) -> None:
    if theirs is None or theirs == ours:
        return
    here, there = (parse_checkpoint(parse_note(note.decode()).text) for note in (ours, theirs))
    if here.origin != there.origin or there.size > here.size:
        raise UnableToMoveLog(
            f"保存先には別のログ({there.origin}、{there.size} 件)があります。",
            f"Another log ({there.origin}, {there.size} entries) lies there.",
        )
