"""Writing outcomes together: a commit for each attempt would be the bottleneck."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

import structlog

from results_publisher.domain.delivery import Finished
from results_publisher.ports import OutcomeStore

log = structlog.get_logger()


class OutcomeWriter:
    """Collects outcomes for up to `linger` seconds or `batch` of them, and writes them in one transaction.

    An outcome that cannot be written is tried again until it can: its order does not go on before. What is
    lost in a crash makes the same delivery go out again.
    """

    def __init__(
        self,
        *,
        store: OutcomeStore,
        now: Callable[[], datetime],
        written: Callable[[], None],
        batch: int = 200,
        linger: float = 0.01,
    ) -> None:
        self._store = store
        self._now = now
        self._written = written
        self._batch = batch
        self._linger = linger
        self._waiting: list[tuple[Finished, Callable[[], None]]] = []
        self._some = asyncio.Event()
        self._enough = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()

    def put(self, item: Finished, then: Callable[[], None]) -> None:
        """Returns at once; calls `then` when the outcome is kept."""
        self._waiting.append((item, then))
        self._idle.clear()
        self._some.set()
        if len(self._waiting) >= self._batch:
            self._enough.set()

    async def drained(self) -> None:
        """Returns when nothing waits to be written."""
        await self._idle.wait()

    async def run(self) -> None:
        """Writes until cancelled."""
        while True:
            await self._some.wait()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._enough.wait(), self._linger)
            while self._waiting:
                batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
                await self._write([item for item, _ in batch])
                for _, then in batch:
                    then()
            self._some.clear()
            self._enough.clear()
            self._idle.set()

    async def _write(self, items: list[Finished]) -> None:
        tries = 0
        while True:
            try:
                await self._store.write(items, self._now())
            except Exception as error:
                tries += 1
                log.warning("outcomes wait for PostgreSQL", outcomes=len(items), reason=type(error).__name__)
                await asyncio.sleep(min(5.0, 0.1 * 2**tries))
            else:
                self._written()
                return
