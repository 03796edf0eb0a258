"""Dispatching: leases companies with something due, feeds their lanes, gives leases back."""

import asyncio
import contextlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import structlog

from results_publisher.domain.delivery import Delivery
from results_publisher.domain.outcome import Accepted, NoAnswer, NoToken, Refused, Withheld
from results_publisher.ports import LaneStore, Want
from results_publisher.service.attempts import Attempts
from results_publisher.service.lane import Lane, Limits
from results_publisher.service.metrics import ATTEMPTS, IN_FLIGHT, LANES
from results_publisher.service.outcomes import OutcomeWriter

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds. A lease is renewed three times in its life; `margin` of it is never relied on."""

    lease: float = 10.0
    margin: float = 2.0
    poll: float = 0.5
    spacing: float = 0.02
    linger: float = 2.0
    hold_recheck: float = 60.0
    drain: float = 8.0
    max_lanes: int = 1000


class Dispatcher:
    """Sends what is due, one lane per company, as long as this replica holds the company's lease.

    Lanes know nothing of one another: a company that hangs has eight requests under way at most, and nobody
    waits for it. When cancelled it lets what is under way finish for `drain` seconds, then gives all leases
    back. A replica that is killed loses them when they run out, and another one goes on.
    """

    def __init__(
        self,
        *,
        store: LaneStore,
        attempts: Attempts,
        outcomes: OutcomeWriter,
        limits: Limits,
        timing: Timing,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        told: Callable[[], None],
    ) -> None:
        self._store = store
        self._told = told
        self._attempts = attempts
        self._outcomes = outcomes
        self._limits = limits
        self._timing = timing
        self._clock = clock
        self._now = now
        self._lanes: dict[str, Lane] = {}
        self._running: dict[str, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._looking = True
        self._polled_at = float("-inf")

    def due(self, company_ids: Iterable[str]) -> None:
        """These companies have something new: no polling latency."""
        for company_id in company_ids:
            lane = self._lanes.get(company_id)
            if lane is None:
                self._looking = True
            else:
                lane.hungry = True
        self._wake.set()

    def look(self) -> None:
        """Something may have become due anywhere."""
        self._polled_at = float("-inf")
        self._wake.set()

    def changed(self, company_id: str, connected: bool) -> None:  # noqa: FBT001 - a fact, told by position
        """The company's integration changed: a lane of a disabled one begins nothing more."""
        if not connected and company_id in self._lanes:
            self._end(self._lanes[company_id], resume_in=0.0)

    async def run(self) -> None:
        """Dispatches until cancelled."""
        keeping = asyncio.create_task(self._keep_leases(), name="leases")
        try:
            while not keeping.done():
                try:
                    await self._feed()
                except Exception as error:
                    log.warning("dispatching waits for PostgreSQL", reason=type(error).__name__)
                    await asyncio.sleep(self._timing.poll)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), self._timing.poll)
                await asyncio.sleep(self._timing.spacing)
                self._wake.clear()
            keeping.result()
        finally:
            keeping.cancel()
            await asyncio.wait([keeping])
            await self._close()

    async def _feed(self) -> None:
        now = self._clock()
        if now - self._polled_at >= self._timing.poll:
            self._polled_at, self._looking = now, True
            for lane in self._lanes.values():
                lane.hungry = True
            self._let_go(now)
        if self._looking and len(self._lanes) < self._timing.max_lanes:
            self._looking = False
            await self._acquire()
        await self._claim()
        LANES.set(len(self._lanes))
        IN_FLIGHT.set(sum(lane.in_flight for lane in self._lanes.values()))

    async def _acquire(self) -> None:
        asked_at = self._clock()
        for company_id in await self._store.acquire(self._timing.max_lanes - len(self._lanes)):
            if company_id in self._lanes:  # our lease ran out unnoticed: what is under way must end first
                self._end(self._lanes[company_id], resume_in=self._timing.lease)
                continue
            lane = Lane(
                company_id, self._limits, self._clock, asked_at + self._timing.lease - self._timing.margin
            )
            self._lanes[company_id] = lane
            self._running[company_id] = asyncio.create_task(lane.run(self._send), name=f"lane {company_id}")

    async def _claim(self) -> None:
        asked = [lane for lane in self._lanes.values() if lane.hungry and not lane.closed and lane.room]
        if not asked:
            return
        for lane in asked:
            lane.hungry = False
        wants = [Want(lane.company_id, lane.room) for lane in asked]
        try:
            deliveries = await self._store.claim(wants, [order for lane in asked for order in lane.busy])
        except BaseException:
            for lane in asked:
                lane.hungry = True
            raise
        counts = dict.fromkeys((want.company_id for want in wants), 0)
        for delivery in deliveries:
            company_id = delivery.order.company_id
            counts[company_id] += 1
            taker = self._lanes.get(company_id)
            if taker is not None and not taker.closed:
                taker.add(delivery)
        for want, lane in zip(wants, asked, strict=True):
            lane.hungry = lane.hungry or counts[want.company_id] >= want.limit

    async def _send(self, lane: Lane, delivery: Delivery) -> None:
        finished, outcome = await self._attempts.make(delivery)
        ATTEMPTS.labels(type(outcome).__name__).inc()
        match outcome:
            case Accepted() | Refused():
                lane.observe(http_status=outcome.http_status, headers=outcome.headers)
            case NoAnswer():
                lane.observe(http_status=None, headers={})
            case Withheld():
                await self._hold(lane)
            case NoToken():
                self._end(lane, resume_in=outcome.retry_after.total_seconds())
            case _:
                pass
        if finished is not None:
            self._outcomes.put(finished, partial(self._kept, lane, delivery))

    def _kept(self, lane: Lane, delivery: Delivery) -> None:
        lane.kept(delivery)
        self._wake.set()

    async def _hold(self, lane: Lane) -> None:
        if lane.closed:
            return
        lane.close()
        try:
            await self._store.hold(
                lane.company_id, recheck=timedelta(seconds=self._timing.hold_recheck), now=self._now()
            )
        except Exception as error:
            log.warning(
                "holding waits for PostgreSQL", company_id=lane.company_id, reason=type(error).__name__
            )
        else:
            log.info("company held", company_id=lane.company_id)
            self._told()
        self._end(lane, resume_in=0.0)

    def _let_go(self, now: float) -> None:
        """Lanes with nothing to do, or that have stopped, give their lease back: others may have room."""
        for lane in list(self._lanes.values()):
            running = self._running.get(lane.company_id)
            if running is not None and running.done():  # its lease ran out while PostgreSQL was away
                self._end(lane, resume_in=0.0)
            elif lane.busy or lane.queue or lane.in_flight:
                lane.idle_since = None
            elif lane.idle_since is None:
                lane.idle_since = now
            elif now - lane.idle_since >= self._timing.linger:
                self._end(lane, resume_in=0.0)

    def _end(self, lane: Lane, *, resume_in: float) -> None:
        """Begins nothing more; what is under way finishes, is kept, then the lease goes back."""
        lane.close()
        if self._lanes.get(lane.company_id) is lane and lane.company_id in self._running:
            running = self._running.pop(lane.company_id)
            task = asyncio.create_task(self._finish(lane, running, resume_in), name=f"end {lane.company_id}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _finish(self, lane: Lane, running: asyncio.Task[None], resume_in: float) -> None:
        running.cancel()
        await asyncio.wait([running])
        if not running.cancelled() and (error := running.exception()) is not None:
            log.error("lane failed", company_id=lane.company_id, exc_info=error)
        try:
            await lane.finish(self._timing.drain)
            async with asyncio.timeout(5):
                await self._outcomes.drained()
                wait = timedelta(seconds=max(resume_in, lane.debt()))
                await self._store.release({lane.company_id: wait})
        except Exception as error:  # the lease runs out by itself
            log.warning("lease not given back", company_id=lane.company_id, reason=type(error).__name__)
        finally:
            self._lanes.pop(lane.company_id, None)

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._timing.lease / 4)
            held = list(self._lanes)
            asked_at = self._clock()
            try:
                async with asyncio.timeout(self._timing.lease / 4):
                    kept = await self._store.renew(held) if held else set[str]()
            except Exception as error:
                log.warning("leases not renewed", lanes=len(held), reason=type(error).__name__)
                kept = {lane.company_id for lane in self._lanes.values() if asked_at < lane.lease_until}
            else:
                for company_id in kept & self._lanes.keys():
                    self._lanes[company_id].lease_until = asked_at + self._timing.lease - self._timing.margin
            for company_id in set(held) - kept:
                await self._lose(company_id)

    async def _lose(self, company_id: str) -> None:
        """Somebody else may be at work on it: nothing of ours may arrive late."""
        lane = self._lanes.get(company_id)
        if lane is not None:
            log.warning("lane lost", company_id=company_id)
            lane.lease_until = float("-inf")
            await lane.abort()
            self._end(lane, resume_in=0.0)

    async def _close(self) -> None:
        for lane in list(self._lanes.values()):
            self._end(lane, resume_in=0.0)
        if self._ending:
            await asyncio.wait(self._ending, timeout=self._timing.drain + 5)
