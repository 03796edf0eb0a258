"""Work done for many callers one after another."""

import asyncio

import pytest
from runtime import tracing
from runtime.in_one_go import InOneGo


async def test_all_who_ask_at_once_are_served_in_turn_each_with_its_own() -> None:
    done: list[int] = []

    def halve(number: int) -> int:
        done.append(number)
        if number % 2:
            raise ValueError(f"{number} is odd")
        return number // 2

    work = InOneGo(halve)
    asked = [work.ask(number) for number in range(4)]
    assert done == [], "not while somebody else is at it"
    answers = await asyncio.gather(*asked, return_exceptions=True)
    assert [str(answer) for answer in answers] == ["0", "1 is odd", "1", "3 is odd"]
    assert done == [0, 1, 2, 3]
    assert await work.ask(8) == 4


async def test_all_take_a_step_before_any_takes_the_next() -> None:
    done: list[str] = []

    def read(text: str) -> int:
        done.append(f"read {text}")
        return int(text)

    def halve(number: int) -> float:
        done.append(f"halve {number}")
        if number == 3:
            raise ValueError("3 is odd")
        return number / 2

    def tell(number: float) -> str:
        done.append(f"tell {number}")
        return f"it is {number}"

    work = InOneGo(read).then(halve).then(tell)
    answers = await asyncio.gather(*map(work.ask, ["2", "x", "3", "4"]), return_exceptions=True)
    assert [str(answer) for answer in answers] == [
        "it is 1.0",
        "invalid literal for int() with base 10: 'x'",
        "3 is odd",
        "it is 2.0",
    ]
    assert done == [
        "read 2", "read x", "read 3", "read 4", "halve 2", "halve 3", "halve 4", "tell 1.0", "tell 2.0",
    ]  # fmt: skip


async def test_who_comes_a_moment_later_goes_along() -> None:
    done: list[list[int]] = []
    work = InOneGo(int).then(lambda number: done.append([number]))

    async def come(number: int) -> None:
        for _ in range(number):
            await asyncio.sleep(0)  # one round of the loop
        await work.ask(number)
        done.append([])

    await asyncio.gather(*[come(number) for number in range(4)])
    assert done == [[0], [1], [2], [3], [], [], [], []]


async def test_enough_of_them_wait_for_nobody() -> None:
    rounds = 0
    work = InOneGo(str)
    asked = [work.ask(number) for number in range(16)]
    while not asked[0].done():
        await asyncio.sleep(0)
        rounds += 1
    assert rounds == 1


async def test_nothing_is_done_for_whom_has_given_up() -> None:
    done: list[str] = []
    work = InOneGo(done.append)
    gone, there = work.ask("gone"), work.ask("there")
    gone.cancel()
    await there
    assert done == ["there"]


async def test_who_asks_meanwhile_is_served_the_next_time() -> None:
    later: list[asyncio.Future[str]] = []

    def work(word: str) -> str:
        if word == "first":
            later.append(asking.ask("second"))
        return word

    asking = InOneGo(work)
    assert await asking.ask("first") == "first"
    assert await later[0] == "second"


async def test_the_work_is_in_nobodys_trace() -> None:
    tracing.start(None)
    assert tracing.current() is not None

    def look(_word: str) -> str | None:
        return tracing.current()

    assert await InOneGo(look).ask("now") is None


async def test_whoever_waits_can_be_ended() -> None:
    work = InOneGo(str)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await work.ask(1)
