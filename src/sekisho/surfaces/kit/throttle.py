"""A token bucket for each client of one process."""

import math
from collections import OrderedDict
from threading import Lock

_REMEMBERED = 20_000


class Throttle:
    """`burst` requests at once, `per_minute` in the long run. Thread-safe; forgets whoever has been quiet longest."""

    def __init__(self, *, per_minute: int, burst: int) -> None:
        self._rate = per_minute / 60
        self._burst = burst
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()
        self._lock = Lock()

    def wait(self, who: str, *, now: float) -> int:
        """Count a request of `who` at `now` (seconds, any origin); 0 when it may pass, else seconds to wait."""
        with self._lock:
            level, at = self._buckets.pop(who, (float(self._burst), now))
            level = min(self._burst, level + (now - at) * self._rate)
            passes = level >= 1
            self._buckets[who] = (level - 1 if passes else level, now)
            if len(self._buckets) > _REMEMBERED:
                self._buckets.popitem(last=False)
        return 0 if passes else math.ceil((1 - level) / self._rate)
