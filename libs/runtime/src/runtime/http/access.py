"""Counting and logging answers, cheaply: the gateway's rate depends on it."""

import logging

import structlog

from runtime.metrics import REQUEST_SECONDS, REQUESTS, before_reading

_SETTLE_AT = 500

log = structlog.get_logger("access")
_LEVEL = logging.getLogger("access")
_unsettled: dict[tuple[str, str, int], list[float]] = {}


def record(method: str, route: str, status: int, seconds: float) -> None:
    """Notes an answer; logs it at info when it is an error, else at debug; `route` is the pattern."""
    answer = (method, route, status)
    noted = _unsettled.get(answer)
    if noted is None:
        noted = _unsettled[answer] = []
    noted.append(seconds)
    if len(noted) >= _SETTLE_AT:
        _settle()
    if status >= 400:
        log.info("request", method=method, route=route, status=status, seconds=round(seconds, 4))
    elif _LEVEL.isEnabledFor(logging.DEBUG):  # asked first: even a line that is dropped takes microseconds
        log.debug("request", method=method, route=route, status=status, seconds=round(seconds, 4))


def _settle() -> None:
    for (method, route, status), noted in _unsettled.items():
        if noted:
            REQUESTS.labels(method, route, str(status)).inc(len(noted))
            duration = REQUEST_SECONDS.labels(route)
            for seconds in noted:
                duration.observe(seconds)
            noted.clear()


before_reading(_settle)
