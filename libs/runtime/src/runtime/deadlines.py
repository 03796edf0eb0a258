"""One deadline for many short things, cheaply."""

import asyncio
from time import monotonic
from types import TracebackType
from typing import Any

_LOOK_EVERY_SECONDS = 0.25


class Deadlines:
    """`with deadlines.block():` raises TimeoutError once it took `seconds`, or up to a quarter second more.

    asyncio.timeout makes and drops a timer each time, some 6 µs: as much as checking an order takes. Here one
    look now and then serves everything under way, and there is none while nothing is.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._every = min(_LOOK_EVERY_SECONDS, seconds / 8)
        self.under_way: dict[Block, None] = {}
        self.looking = False

    def block(self, task: asyncio.Task[Any] | None = None) -> "Block":
        """Returns a block of the current task; whoever knows the task says so, as asking takes time."""
        task = task or asyncio.current_task()
        if task is None:
            raise RuntimeError("a deadline needs a task it can end")
        return Block(self, task)

    def look(self) -> None:
        """Ends what has taken too long, and looks again as long as anything is under way."""
        latest = monotonic() - self.seconds
        # In the order they began, so the first that is in time ends the look.
        for block in self.under_way:
            if block.began > latest:
                break
            block.expire()
        self.looking = bool(self.under_way)
        if self.looking:
            _ = asyncio.get_running_loop().call_later(self._every, self.look)


class Block:
    """What one task does under a deadline."""

    __slots__ = ("_cancelling", "_deadlines", "_expired", "began", "task")

    def __init__(self, deadlines: Deadlines, task: asyncio.Task[Any]) -> None:
        self._deadlines = deadlines
        self.task = task
        self._expired = False

    def __enter__(self) -> None:
        self._cancelling = self.task.cancelling()
        self.began = monotonic()
        self._deadlines.under_way[self] = None
        if not self._deadlines.looking:
            self._deadlines.look()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        del self._deadlines.under_way[self]
        if not self._expired:
            return
        if self.task.uncancel() <= self._cancelling and kind is asyncio.CancelledError:
            raise TimeoutError(f"it took more than {self._deadlines.seconds} s") from error

    def expire(self) -> None:
        """Ends the task's waiting, once."""
        if not self._expired:
            self._expired = True
            _ = self.task.cancel()
