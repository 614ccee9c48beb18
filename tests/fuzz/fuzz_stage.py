"""What the tests of the fuzz share: one moment, the callers by name, and how to stage worlds."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime

from sekisho.barrier.fuzz.people import callers, name_of
from sekisho.barrier.fuzz.stages import Stages

NOW = datetime.now(UTC).replace(microsecond=0)
CALLERS = {name_of(caller): caller for caller in callers()}

Stage = Callable[..., AbstractContextManager[Stages]]
