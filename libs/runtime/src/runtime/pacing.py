"""Staying under a caller's limit: SmartRecruiters allows 10 requests/s per credential and says so in headers.

Pure: the time is passed in, in seconds of any steady clock.
"""

import math
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime


class Pacer:
    """A token bucket that only ever gets slower than configured.

    In any span of t seconds at most `burst` + t * `per_second` reservations fall due. A reservation holds:
    the caller waits as long as told, then calls. Limits in answers (429, Retry-After, X-RateLimit-*) lower
    the rate at once; half a minute without any lets it come back.
    """

    def __init__(self, *, per_second: float, burst: float = 1) -> None:
        if per_second <= 0 or burst < 1:
            raise ValueError("a pacer needs a rate above 0 and a burst of at least 1")
        self._configured = per_second
        self._rate = per_second
        # In time, and of the full rate: a slower one must not make the burst longer.
        self._tolerance = (burst - 1) / per_second
        self._due = -math.inf  # when the bucket would be full again (GCRA's theoretical arrival time)
        self._blocked_until = -math.inf
        self._last_lowered = -math.inf

    def reserve(self, now: float) -> float:
        """Takes the next place and returns the seconds to wait for it."""
        self._recover(now)
        interval = 1 / self._rate
        start = max(now, self._blocked_until)
        due = max(self._due, start)
        at = max(start, due - self._tolerance)
        self._due = due + interval
        return at - now

    def observe(self, now: float, *, status: int, headers: Mapping[str, str]) -> None:
        """Learns from an answer: its status and headers (any case)."""
        lower = {name.lower(): value for name, value in headers.items()}
        if status == 429:
            self._last_lowered = now
            self._rate = max(self._rate / 2, self._configured / 8)
            self._block(now + (retry_after(lower.get("retry-after"), None) or 1.0))
        limit = _number(lower.get("x-ratelimit-limit"))
        if limit is not None and limit >= 1:
            self._rate = min(self._rate, limit)
            self._last_lowered = now if limit < self._configured else self._last_lowered
        if _number(lower.get("x-ratelimit-remaining")) == 0:
            self._block(now + 1 / self._rate)

    def _block(self, until: float) -> None:
        self._blocked_until = max(self._blocked_until, until)
        self._due = max(self._due, self._blocked_until)

    def _recover(self, now: float) -> None:
        if self._rate < self._configured and now - max(self._last_lowered, self._blocked_until) > 30:
            self._rate = self._configured


def retry_after(value: str | None, now: datetime | None) -> float | None:
    """Returns Retry-After in seconds, never below 0 (RFC 9110 §10.2.3); None when absent or unreadable.

    A date is read only where the present is given.
    """
    seconds = _number(value)
    if seconds is not None:
        return max(0.0, seconds)
    if value is None or now is None:
        return None
    try:
        return max(0.0, (parsedate_to_datetime(value) - now).total_seconds())
    except (ValueError, TypeError):
        return None


def _number(value: str | None) -> float | None:
    try:
        number = float(value) if value is not None else None
    except ValueError:
        return None
    return number if number is not None and math.isfinite(number) else None
