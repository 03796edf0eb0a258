import json
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.processes import Process, running

PROGRAM = """
import asyncio, sys
from contextlib import asynccontextmanager
import structlog
from runtime.logging import configure
from runtime.process import StartupError, Supervisor, run

log = structlog.get_logger()

@asynccontextmanager
async def resource(name):
    log.info("opened", name=name)
    try:
        yield
    finally:
        log.info("closed", name=name)
        if how == "hangs":
            await asyncio.Event().wait()

async def task():
    try:
        if how == "dies":
            raise ValueError("password=hunter2 boom")
        if how != "ends":
            await asyncio.Event().wait()
    finally:
        log.info("task ended")

async def start(stack, supervisor: Supervisor):
    await stack.enter_async_context(resource("first"))
    if how == "refuses":
        raise StartupError("no such topic")
    if how == "breaks":
        raise KeyError("x")
    if how == "waits":
        await asyncio.Event().wait()
    supervisor.spawn("worker", task())
    await stack.enter_async_context(resource("second"))

how = sys.argv[1]
configure("shop", "info")
run("shop", start, stop_within=0.3)
"""
Make = Callable[[str], Process]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    (tmp_path / "program.py").write_text(PROGRAM)
    return lambda how: Process([str(tmp_path / "program.py"), how], env={}, log=tmp_path / "log")


def lines(process: Process) -> list[dict[str, Any]]:
    return [json.loads(line) for line in process.output.splitlines()]


def events(process: Process) -> list[str]:
    return [" ".join(filter(None, [line["event"], line.get("name")])) for line in lines(process)]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_closes_everything_in_reverse_order(make: Make, number: signal.Signals) -> None:
    async with running(make("lives")) as process:
        await process.says('"started"')
        process.send(number)
        assert await process.wait() == 0
    assert events(process) == [
        "opened first",
        "opened second",
        "started",
        "closed second",
        "task ended",
        "closed first",
        "stopped",
    ]


@pytest.mark.parametrize(
    ("how", "reason"),
    [("dies", "worker failed: ValueError: password=[redacted] boom"), ("ends", "worker ended unexpectedly")],
)
async def test_a_dead_task_ends_the_process(make: Make, how: str, reason: str) -> None:
    async with running(make(how)) as process:
        assert await process.wait() == 1
    stopping = next(line for line in lines(process) if line["event"] == "stopping")
    assert (stopping["level"], stopping["reason"]) == ("error", reason)
    assert "closed first" in events(process)
    assert "hunter2" not in process.output


async def test_what_keeps_it_from_starting_is_one_line(make: Make) -> None:
    async with running(make("refuses")) as process:
        assert await process.wait() == 1
    assert [line["reason"] for line in lines(process) if line["level"] == "error"] == ["no such topic"]
    assert "closed first" in events(process)


async def test_a_broken_start_ends_it(make: Make) -> None:
    async with running(make("breaks")) as process:
        assert await process.wait() == 1
    assert "KeyError" in process.output


async def test_a_signal_ends_a_start_that_waits(make: Make) -> None:
    async with running(make("waits")) as process:
        await process.says("opened")
        assert await process.stop() == 0
    assert "closed first" in events(process)


async def test_closing_that_hangs_is_cut_short(make: Make) -> None:
    async with running(make("hangs")) as process:
        await process.says('"started"')
        assert await process.stop(within=5) == 1
    assert "did not close in time" in process.output
