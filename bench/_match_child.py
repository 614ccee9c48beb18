"""The matcher in a process of its own, so that its time and memory can be measured: JSON in, JSON out."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sekisho.matching import match, stages


def main(spec: dict[str, Any]) -> None:
    """Match `population` into `out` without the sources to be left out; prints the table of counts."""
    result = match(
        Path(spec["population"]),
        out=Path(spec["out"]),
        leave_out=tuple(spec["leave_out"]),
        workers=spec["workers"],
        clocks=stages.Clocks(task=time.process_time, whole=time.perf_counter),
    )
    said = {"rows": result.rows, "rejected": result.rejected, "table": asdict(result.table)}
    print(json.dumps(said | {"stages": stages.read(result.folder / "work")}))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
