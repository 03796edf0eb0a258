"""Programs of ours as real processes: started, waited for over HTTP, stopped or killed."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp

from tests.support.waiting import eventually


class Process:
    """`python -m <module>` (or any Python arguments) with its output in a file.

    The environment is PATH, HOME and what is given: nothing of the tests' own leaks in.
    """

    def __init__(
        self, arguments: Sequence[str], *, env: Mapping[str, str], log: Path, ready_url: str | None = None
    ) -> None:
        self._arguments = [sys.executable, *arguments]
        self._env = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/"), **env}
        self._log = log
        self._ready_url = ready_url
        self._process: asyncio.subprocess.Process | None = None

    @property
    def output(self) -> str:
        """Everything it has written, over all its starts."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._running.pid

    @property
    def code(self) -> int | None:
        """How it ended, None while it runs."""
        return self._running.returncode

    async def start(self, *, within: float = 30.0) -> None:
        """Starts it and returns when `ready_url` answers 200, at once without one."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *self._arguments, env=self._env, stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log
            )
        if self._ready_url is not None:
            await self.ready(within=within)

    async def ready(self, *, within: float = 30.0) -> None:
        """Returns when `ready_url` answers 200; fails with its output when it ends or takes too long."""
        give_up = time.monotonic() + within
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while not await self._answers(session):
                assert self.code is None, f"{self._arguments} ended with {self.code}:\n{self.output[-4000:]}"
                assert time.monotonic() < give_up, f"{self._arguments} not ready:\n{self.output[-4000:]}"
                await asyncio.sleep(0.05)

    async def stop(self, *, within: float = 30.0) -> int:
        """SIGTERM; returns the exit code."""
        self.send(signal.SIGTERM)
        return await self.wait(within=within)

    def send(self, number: signal.Signals) -> None:
        """Sends a signal, if it still runs."""
        if self.code is None:
            self._running.send_signal(number)

    async def kill(self) -> None:
        """SIGKILL: no goodbye of any kind."""
        if self.code is None:
            self._running.kill()
        await self.wait()

    async def wait(self, *, within: float = 30.0) -> int:
        """Returns the exit code; kills it and fails when it has not ended in time."""
        try:
            return await asyncio.wait_for(self._running.wait(), within)
        except TimeoutError:
            self._running.kill()
            await self._running.wait()
            raise AssertionError(f"{self._arguments} did not end:\n{self.output[-4000:]}") from None

    async def says(self, text: str, *, within: float = 10.0) -> None:
        """Returns when the text is in the output."""
        await eventually(lambda: text in self.output, within)

    async def _answers(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(self._ready_url or "") as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError):
            return False

    @property
    def _running(self) -> asyncio.subprocess.Process:
        assert self._process is not None, "not started"
        return self._process


@asynccontextmanager
async def running(process: Process, *, within: float = 30.0) -> AsyncIterator[Process]:
    """The process, started; killed at the end if it still runs. A failure says what it wrote last."""
    await process.start(within=within)
    try:
        yield process
    except Exception as error:
        error.add_note(f"the process had written:\n{process.output[-6000:]}")
        raise
    finally:
        await process.kill()
