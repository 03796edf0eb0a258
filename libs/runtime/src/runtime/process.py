"""A service's process: starts its resources, watches its tasks, closes everything in reverse order."""

import asyncio
import gc
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import AsyncExitStack
from functools import partial
from typing import Any, NoReturn, TypeAlias

import structlog

from runtime.errors import StartupError

__all__ = ["Start", "StartupError", "Supervisor", "run"]

log = structlog.get_logger()


class Supervisor:
    """Keeps a process's lasting tasks. One that ends by itself ends the process: half a service is none.

    A task is cancelled, and waited for, when the exit stack gets back to where it was spawned: after what was
    entered later is closed, and before what it uses is.
    """

    def __init__(self, stack: AsyncExitStack) -> None:
        self._stack = stack
        self._closing = False
        self.failed: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def spawn(self, name: str, coro: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Runs `coro` for the life of the process."""
        task = asyncio.create_task(coro, name=name)
        task.add_done_callback(partial(self._ended, name))
        self._stack.push_async_callback(self._cancel, task)
        return task

    async def _cancel(self, task: asyncio.Task[None]) -> None:
        self._closing = True
        task.cancel()
        await asyncio.wait([task])

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        error = None if task.cancelled() else task.exception()
        if self._closing or self.failed.done():
            if error is not None:
                log.warning("task failed while closing", task=name, exc_info=error)
            return
        if isinstance(error, StartupError):
            self.failed.set_result(f"{name}: {error}")
            return
        if error is not None:
            log.error("task failed", task=name, exc_info=error)
        cause = f"failed: {type(error).__name__}: {error}" if error else "ended unexpectedly"
        self.failed.set_result(f"{name} {cause}")


Start: TypeAlias = Callable[[AsyncExitStack, Supervisor], Awaitable[None]]


def run(service: str, start: Start, *, stop_within: float = 25.0) -> NoReturn:
    """Runs a service until SIGTERM or SIGINT (exit 0) or until it cannot go on (exit 1, one line saying why).

    `start` enters its resources into the stack and spawns its tasks, then returns. When closing takes longer
    than `stop_within` the process ends at once, with 1: nothing may depend on an orderly end.
    """
    sys.exit(asyncio.run(_main(service, start, stop_within)))


async def _main(service: str, start: Start, stop_within: float) -> int:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    stack = AsyncExitStack()
    supervisor = Supervisor(stack)
    code = await _live(service, start, stack, supervisor, stopping)
    # Not a time-out around it: that cancels the resource closing now, and the next one may hang as well.
    closing = asyncio.create_task(stack.aclose(), name="closing")
    await asyncio.wait([closing], timeout=stop_within)
    if not closing.done():
        log.error("did not close in time", service=service, seconds=stop_within)
        _leave_at_once(1)
    if (error := closing.exception()) is not None:
        log.error("closing failed", service=service, exc_info=error)
        code = 1
    log.info("stopped", service=service, code=code)
    return code


async def _live(
    service: str, start: Start, stack: AsyncExitStack, supervisor: Supervisor, stopping: asyncio.Event
) -> int:
    starting = asyncio.create_task(_start(start, stack, supervisor), name="start")
    stop = asyncio.create_task(stopping.wait(), name="signal")
    awaited: set[asyncio.Future[Any]] = {stop, supervisor.failed}
    try:
        await asyncio.wait(awaited | {starting}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            _mind_what_is_new()
            log.info("started", service=service)
            await asyncio.wait(awaited, return_when=asyncio.FIRST_COMPLETED)
    except StartupError as error:
        log.error("cannot start", service=service, reason=str(error))  # noqa: TRY400 - one clear line is the point
        return 1
    except Exception as error:
        log.exception("cannot start", service=service, reason=type(error).__name__)
        return 1
    finally:
        await _end(starting, stop)
    if supervisor.failed.done():
        log.error("stopping", service=service, reason=supervisor.failed.result())
        return 1
    return 0


def _mind_what_is_new() -> None:
    """What stands now is for ever: the collector need not look at it again, and need not look so often.

    Its own measure, 700 objects, is some ten requests under way, and none of them is garbage yet.
    """
    gc.freeze()
    gc.set_threshold(10_000)


async def _start(start: Start, stack: AsyncExitStack, supervisor: Supervisor) -> None:
    await start(stack, supervisor)


async def _end(*tasks: asyncio.Task[Any]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


def _leave_at_once(code: int) -> NoReturn:
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
