"""SmartRecruiters' limits: requests in any one second, and requests in flight, per API credential."""

from collections import defaultdict, deque
from dataclasses import dataclass


@dataclass(frozen=True)
class Admission:
    """Whether a request goes on, and what its answer tells about the limits."""

    admitted: bool
    limit: int
    remaining: int
    concurrent_limit: int
    concurrent_remaining: int
    retry_after: float = 0.0

    def headers(self) -> dict[str, str]:
        """Returns the four X-RateLimit headers every answer carries."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Concurrent-Limit": str(self.concurrent_limit),
            "X-RateLimit-Concurrent-Remaining": str(self.concurrent_remaining),
        }


class RateLimiter:
    """Counts over a sliding second; a refused request counts neither as a request nor as one in flight."""

    def __init__(self, *, per_second: int, in_flight: int) -> None:
        self.per_second = per_second
        self.in_flight = in_flight
        self._starts: defaultdict[str, deque[float]] = defaultdict(deque)
        self._running: defaultdict[str, int] = defaultdict(int)

    def enter(self, credential: str, now: float) -> Admission:
        """Admits or refuses; each admitted request must `leave`."""
        starts = self._starts[credential]
        while starts and starts[0] <= now - 1:
            starts.popleft()
        running = self._running[credential]
        too_fast = len(starts) >= self.per_second
        admitted = not too_fast and running < self.in_flight
        if admitted:
            starts.append(now)
            self._running[credential] = running = running + 1
        return Admission(
            admitted=admitted,
            limit=self.per_second,
            remaining=max(0, self.per_second - len(starts)),
            concurrent_limit=self.in_flight,
            concurrent_remaining=max(0, self.in_flight - running),
            retry_after=starts[0] + 1 - now if too_fast and starts else 0.0,
        )

    def leave(self, credential: str) -> None:
        """Gives back an admitted request's place."""
        self._running[credential] -= 1

    def untouched(self) -> Admission:
        """Returns what an answer to a caller without a credential tells."""
        return Admission(
            admitted=True,
            limit=self.per_second,
            remaining=self.per_second,
            concurrent_limit=self.in_flight,
            concurrent_remaining=self.in_flight,
        )
