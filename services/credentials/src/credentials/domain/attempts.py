"""How long an account, or an address, waits after wrong passwords."""

from dataclasses import dataclass
from datetime import datetime, timedelta

LONGEST = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Attempts:
    """Wrong passwords in a row: for one account, whether it exists or not, or from one address."""

    failures: int = 0
    blocked_until: datetime | None = None
    counted_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AttemptRule:
    """`free` attempts, then a delay that doubles with each further one, and at `lockout` of them a long wait.

    The count starts anew when none was made for `forgotten_after`, delays left out.
    """

    free: int
    first_delay: timedelta
    forgotten_after: timedelta
    lockout: int | None = None
    lockout_delay: timedelta = timedelta(0)

    def waits(self, attempts: Attempts, now: datetime) -> timedelta | None:
        """Returns how long there is still to wait, None when one may try."""
        if attempts.blocked_until is None or attempts.blocked_until <= now:
            return None
        return attempts.blocked_until - now

    def after_one_more(self, attempts: Attempts, now: datetime) -> Attempts:
        """Returns the attempts with one more, counted before the password is looked at."""
        failures = (0 if self._forgotten(attempts, now) else attempts.failures) + 1
        if failures < self.free:
            return Attempts(failures, counted_at=now)
        delay = min(self.first_delay * 2 ** min(failures - self.free, 32), LONGEST)
        if self.lockout is not None and failures >= self.lockout:
            delay = max(delay, self.lockout_delay)
        return Attempts(failures, now + delay, now)

    def after_a_right_one(self, attempts: Attempts) -> Attempts:
        """Returns the attempts without the last: it was no wrong password, and makes the others no better."""
        failures = max(0, attempts.failures - 1)
        return Attempts(
            failures, attempts.blocked_until if failures >= self.free else None, attempts.counted_at
        )

    def _forgotten(self, attempts: Attempts, now: datetime) -> bool:
        last = max(filter(None, (attempts.blocked_until, attempts.counted_at)), default=now)
        return now - last >= self.forgotten_after
