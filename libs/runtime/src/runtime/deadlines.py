"""One deadline for many short things, cheaply."""

import asyncio
from types import TracebackType
from typing import Any, NamedTuple

_LOOK_EVERY_SECONDS = 0.25


class _Begun(NamedTuple):
    at: float
    cancelling: int


class Deadlines:
    """`with deadlines:` raises TimeoutError once the block took `seconds`, or up to a quarter second more.

    asyncio.timeout makes and drops a timer each time, some 6 µs: as much as checking an order takes. Here one
    look now and then serves everything under way, and there is none while nothing is. One block a task.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._every = min(_LOOK_EVERY_SECONDS, seconds / 8)
        self._begun: dict[asyncio.Task[Any], _Begun] = {}
        self._overdue: set[asyncio.Task[Any]] = set()
        self._looking = False

    def __enter__(self) -> None:
        task = asyncio.current_task()
        if task is None or task in self._begun:
            raise RuntimeError("a deadline belongs to one block of one task")
        loop = asyncio.get_running_loop()
        self._begun[task] = _Begun(loop.time(), task.cancelling())
        if not self._looking:
            self._looking = True
            _ = loop.call_later(self._every, self._look, loop)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline ends in the task it began in")
        begun = self._begun.pop(task)
        if task not in self._overdue:
            return
        self._overdue.discard(task)
        if task.uncancel() <= begun.cancelling and kind is asyncio.CancelledError:
            raise TimeoutError(f"it took more than {self._seconds} s") from error

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        latest = loop.time() - self._seconds
        # In the order they began, so the first that is in time ends the look.
        for task, begun in self._begun.items():
            if begun.at > latest:
                break
            if task not in self._overdue:
                self._overdue.add(task)
                _ = task.cancel()
        self._looking = bool(self._begun)
        if self._looking:
            _ = loop.call_later(self._every, self._look, loop)
