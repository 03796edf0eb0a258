"""One company's lane: what is due goes out in order, at the pace SmartRecruiters allows its credential."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

from runtime.pacing import Pacer, retry_after

from results_publisher.domain.delivery import Delivery

Send = Callable[["Lane", Delivery], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Limits:
    """What SmartRecruiters allows a credential: requests a second, and at the same time."""

    per_second: float = 10.0
    in_flight: int = 8


@dataclass(slots=True)
class Lane:
    """Runs while its lease does. An order is busy from its claim until its outcome is kept.

    Time-outs, broken connections and 5xx halve what may be in flight, each success adds one: a company that
    hangs ties up little.
    """

    company_id: str
    limits: Limits
    clock: Callable[[], float]
    lease_until: float
    pacer: Pacer = field(init=False)
    queue: deque[Delivery] = field(default_factory=deque)
    busy: set[str] = field(default_factory=set)
    hungry: bool = True
    idle_since: float | None = None
    closed: bool = False
    _allowed: float = field(init=False)
    _blocked_until: float = 0.0
    _sending: set[asyncio.Task[None]] = field(default_factory=set)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self.pacer = Pacer(per_second=self.limits.per_second)
        self._allowed = float(self.limits.in_flight)

    @property
    def room(self) -> int:
        """How many more deliveries are worth claiming: enough to never run dry between two claims."""
        ahead = max(2 * self.limits.in_flight, int(self.limits.per_second / 5))
        return max(0, ahead - len(self.queue))

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return len(self._sending)

    def add(self, delivery: Delivery) -> None:
        """Takes a claimed delivery."""
        self.busy.add(delivery.order.order_id)
        self.queue.append(delivery)
        self._changed.set()

    def kept(self, delivery: Delivery) -> None:
        """The delivery's outcome is kept: its order may go on."""
        self.busy.discard(delivery.order.order_id)
        self.hungry = True

    def observe(self, *, http_status: int | None, headers: Mapping[str, str]) -> None:
        """Learns from an answer; None is no answer at all."""
        if http_status is None or http_status >= 500:
            self._allowed = max(1.0, self._allowed / 2)
            return
        self._allowed = min(float(self.limits.in_flight), self._allowed + 1)
        self.pacer.observe(self.clock(), status=http_status, headers=headers)
        if http_status == 429:
            wait = retry_after(
                {name.lower(): value for name, value in headers.items()}.get("retry-after"), None
            )
            self._blocked_until = max(self._blocked_until, self.clock() + (wait or 1.0))

    def debt(self) -> float:
        """Seconds the next owner has to wait so that both together keep to the pace. Takes a place."""
        now = self.clock()
        return max(self.pacer.reserve(now), self._blocked_until - now, 0.0)

    async def run(self, send: Send) -> None:
        """Sends until cancelled or closed; what is under way then is not waited for."""
        while not self.closed:
            if not self.queue or self.in_flight >= int(self._allowed):
                self._changed.clear()
                await self._changed.wait()
                continue
            await self._wait_turn()
            if not self._may_begin():
                return
            self._begin(send, self.queue.popleft())

    def close(self) -> None:
        """Begins nothing more."""
        self.closed = True
        self.queue.clear()
        self._changed.set()

    async def finish(self, within: float) -> None:
        """Waits for what is under way, then cancels it."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=within)
        await self.abort()

    async def abort(self) -> None:
        """Cancels what is under way."""
        self.close()
        tasks = list(self._sending)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _may_begin(self) -> bool:
        return not self.closed and self.clock() < self.lease_until

    async def _wait_turn(self) -> None:
        wait = self.pacer.reserve(self.clock())
        while wait > 0:
            await asyncio.sleep(wait)
            # A 429 that came meanwhile holds for this one, too.
            wait = self._blocked_until - self.clock()

    def _begin(self, send: Send, delivery: Delivery) -> None:
        task = asyncio.create_task(send(self, delivery))
        self._sending.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        self._changed.set()
        if not task.cancelled():
            task.result()
