import asyncio

import pytest
from runtime.deadlines import Deadlines

from tests.support.waiting import eventually


async def test_what_takes_too_long_is_ended_and_the_rest_is_not() -> None:
    deadlines = Deadlines(0.2)
    finish = asyncio.Event()

    async def wait_for(event: asyncio.Event) -> str:
        try:
            with deadlines.block():
                await event.wait()
        except TimeoutError:
            return "late"
        return "in time"

    late = asyncio.create_task(wait_for(asyncio.Event()))
    in_time = asyncio.create_task(wait_for(finish))
    finish.set()
    assert await in_time == "in time"
    assert await asyncio.wait_for(late, 5) == "late"


async def test_it_serves_again_after_a_pause() -> None:
    deadlines = Deadlines(0.05)
    for _ in range(3):
        with pytest.raises(TimeoutError), deadlines.block():
            await asyncio.Event().wait()


async def test_a_cancellation_from_outside_stays_one() -> None:
    begun = asyncio.Event()

    async def hang() -> None:
        with Deadlines(30).block():
            begun.set()
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_an_error_inside_comes_through() -> None:
    deadlines = Deadlines(1)
    with pytest.raises(ValueError, match="inside"), deadlines.block():
        raise ValueError("inside")


async def test_blocks_of_a_task_nest() -> None:
    outer, inner = Deadlines(30), Deadlines(0.05)
    with outer.block():
        with pytest.raises(TimeoutError), inner.block():
            await asyncio.Event().wait()
        with inner.block():
            pass


async def test_nothing_ticks_while_nothing_is_under_way() -> None:
    deadlines = Deadlines(0.08)
    with deadlines.block():
        pass
    await eventually(lambda: not deadlines.looking)
