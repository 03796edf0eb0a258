"""Waiting for the thing itself, with a deadline: no test sleeps."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from typing import TypeVar, overload

T = TypeVar("T")


@overload
async def eventually(
    predicate: Callable[[], Awaitable[T]], within: float = 10.0, *, every: float = 0.02
) -> T: ...
@overload
async def eventually(predicate: Callable[[], T], within: float = 10.0, *, every: float = 0.02) -> T: ...
async def eventually(
    predicate: Callable[[], Awaitable[T] | T], within: float = 10.0, *, every: float = 0.02
) -> T:
    """Returns the predicate's first true value; fails saying what it was last when there is none in time.

    An AssertionError in the predicate counts as not yet.
    """
    loop = asyncio.get_running_loop()
    give_up = loop.time() + within
    last: object = None
    while True:
        try:
            answer = predicate()
            value: T = await answer if inspect.isawaitable(answer) else answer
        except AssertionError as error:
            last = error
        else:
            if value:
                return value
            last = value
        if loop.time() > give_up:
            raise AssertionError(f"not within {within} s; last: {last!r}")
        await asyncio.sleep(every)
