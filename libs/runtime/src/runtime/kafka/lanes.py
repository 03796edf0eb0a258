"""Lanes: work of one lane runs in its order, lanes run side by side."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

W = TypeVar("W")


class Lanes(Generic[W]):
    """Runs each item in a task of its own, one at a time in a lane.

    `work` answers for its own errors; one that escapes is handed to `failed`.
    """

    def __init__(
        self, work: Callable[[W], Coroutine[Any, Any, None]], failed: Callable[[BaseException], None]
    ) -> None:
        self._work = work
        self._failed = failed
        self._waiting: dict[str, deque[W]] = {}
        self._running: dict[str, tuple[W, asyncio.Task[None]]] = {}

    def add(self, lane: str, item: W) -> None:
        """Puts an item at the lane's end."""
        if lane in self._running:
            self._waiting.setdefault(lane, deque()).append(item)
        else:
            self._begin(lane, item)

    async def drop(self, belongs: Callable[[W], bool], *, grace: float) -> None:
        """Forgets waiting items; running ones get `grace` seconds to finish, then are cancelled.

        Returns when none of them runs any more.
        """
        for lane, items in list(self._waiting.items()):
            kept = deque(item for item in items if not belongs(item))
            if kept:
                self._waiting[lane] = kept
            else:
                del self._waiting[lane]
        running = [task for item, task in self._running.values() if belongs(item)]
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=grace)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    def _begin(self, lane: str, item: W) -> None:
        task = asyncio.create_task(self._work(item))
        self._running[lane] = (item, task)
        task.add_done_callback(partial(self._ended, lane))

    def _ended(self, lane: str, task: asyncio.Task[None]) -> None:
        del self._running[lane]
        if not task.cancelled() and (error := task.exception()) is not None:
            self._failed(error)
        if items := self._waiting.get(lane):
            item = items.popleft()
            if not items:
                del self._waiting[lane]
            self._begin(lane, item)
