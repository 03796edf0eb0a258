"""A clock that stands still until it is moved."""

from datetime import UTC, datetime, timedelta


class ManualClock:
    """Tells the same time as date and as seconds of a steady clock."""

    def __init__(self, start: datetime = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)) -> None:
        self._start = start
        self._passed = timedelta()

    def now(self) -> datetime:
        """The date, in UTC."""
        return self._start + self._passed

    def monotonic(self) -> float:
        """Seconds since the start."""
        return self._passed.total_seconds()

    def advance(self, by: timedelta | float) -> None:
        """Lets time pass: a duration, or seconds."""
        self._passed += by if isinstance(by, timedelta) else timedelta(seconds=by)
