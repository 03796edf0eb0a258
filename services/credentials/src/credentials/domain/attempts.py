"""How long an account waits after wrong passwords."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Wrong passwords in a row for one account, whether it exists or not."""

    failures: int = 0
    blocked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """`free` attempts, then a delay that doubles with each further one."""

    free: int
    first_delay: timedelta

    def waits(self, attempts: Attempts, now: datetime) -> timedelta | None:
        """Returns how long the account still has to wait, None when it may try."""
        if attempts.blocked_until is None or attempts.blocked_until <= now:
            return None
        return attempts.blocked_until - now

    def after_one_more(self, attempts: Attempts, now: datetime) -> Attempts:
        """Returns the attempts with one more, counted before the password is looked at."""
        failures = attempts.failures + 1
        if failures < self.free:
            return Attempts(failures)
        doubled = self.first_delay * 2 ** min(failures - self.free, 32)
        return Attempts(failures, now + min(doubled, LONGEST))
