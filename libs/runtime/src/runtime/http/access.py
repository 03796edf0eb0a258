"""Counting and logging answers, cheaply: the gateway's rate depends on it."""

import logging
from functools import lru_cache

import structlog
from prometheus_client import Counter, Histogram

from runtime.metrics import REQUEST_SECONDS, REQUESTS

log = structlog.get_logger("access")
_LEVEL = logging.getLogger("access")


def record(method: str, route: str, status: int, seconds: float) -> None:
    """Counts an answer; logs it at info when it is an error, else at debug; `route` is the pattern."""
    count, duration = _bound(method, route, status)
    count.inc()
    duration.observe(seconds)
    if status >= 400:
        log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))
    elif _LEVEL.isEnabledFor(logging.DEBUG):  # asked first: even a line that is dropped takes microseconds
        log.debug("request", method=method, route=route, status=status, seconds=round(seconds, 4))


@lru_cache(maxsize=1024)
def _bound(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return REQUESTS.labels(method, route, str(status)), REQUEST_SECONDS.labels(route)
