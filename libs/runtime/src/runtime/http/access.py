"""Counting and logging answers, cheaply: the gateway's rate depends on it."""

from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram

from runtime.metrics import REQUEST_SECONDS, REQUESTS

log = structlog.get_logger("access")


def record(method: str, route: str, status: int, seconds: float) -> None:
    """Counts an answer; logs it at info when it is an error, else at debug; `route` is the pattern."""
    count, duration = _bound(method, route, status)
    count.inc()
    duration.observe(seconds)
    write = log.info if status >= 400 else log.debug
    write("request", method=method, route=route, status=status, seconds=round(seconds, 4))


@lru_cache(maxsize=1024)
def _bound(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(route)
