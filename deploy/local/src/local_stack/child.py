"""One child process: started in its own process group, logged to a file, stopped within a bounded time."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import monotonic
from typing import Self

from local_stack import guard
from local_stack.errors import LocalStackError, NotReady, ProcessDied

TAIL_LINES = 15
PROBE_EVERY = 0.05


@cache
def _spawner() -> ThreadPoolExecutor:
    # The kernel's parent-death signal follows the *thread* that forked: children are forked by one that
    # lives as long as the program, whichever short-lived thread asks for them.
    return ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class Child:
    """A program that dies with us, even when we are killed with -9 (on Linux; elsewhere only `stop` ends it).

    `stop` may be called twice and never waits longer than told: then the process is killed.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        log: Path,
        environment: Mapping[str, str] | None = None,
        folder: Path | None = None,
        user: str | None = None,
        stop_signal: signal.Signals = signal.SIGTERM,
        death_signal: signal.Signals = signal.SIGKILL,
    ) -> None:
        self.name = name
        self.log = log
        self._command = list(command)
        self._environment = environment
        self._folder = folder
        self._user = user
        self._stop_signal = stop_signal
        self._death_signal = death_signal
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0

    def start(self) -> Self:
        """Return once the process exists; what it does then is `until`'s to find out."""
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self._process = _spawner().submit(self._spawn).result()
        return self

    def _spawn(self) -> subprocess.Popen[bytes]:
        launcher = [
            *(sys.executable, "-I", "-S", guard.__file__),
            *(str(os.getpid()), str(int(self._death_signal)), self._user or "-", str(self._folder or "-")),
        ]
        with self.log.open("ab") as log:
            self._log_start = log.tell()
            return subprocess.Popen(  # noqa: S603 - commands are composed here, none come from outside
                [*launcher, *self._command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=None if self._environment is None else dict(self._environment),
                start_new_session=True,  # Ctrl-C reaches us alone; we stop the children in order
            )

    @property
    def pid(self) -> int:
        """Of the program itself."""
        if self._process is None:
            raise LocalStackError(f"{self.name} was never started")
        return self._process.pid

    @property
    def code(self) -> int | None:
        """The exit code, None while it runs (or was never started)."""
        return None if self._process is None else self._process.poll()

    @property
    def running(self) -> bool:
        """Started, and not ended yet."""
        return self._process is not None and self._process.poll() is None

    def wait(self, seconds: float) -> bool:
        """True when it has ended within that time."""
        if self._process is None:
            return True
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(seconds)
        return not self.running

    def until(self, ready: Callable[[], bool], *, within: float, every: float = PROBE_EVERY) -> None:
        """Return as soon as `ready`; ProcessDied or NotReady, with the log's last lines, when it never is."""
        deadline = monotonic() + within
        while not self.wait(every):
            if ready():
                return
            if monotonic() > deadline:
                raise NotReady(self.name, within, self.tail())
        self.check()

    def check(self) -> None:
        """Raise ProcessDied when it has ended."""
        if self.code is not None:
            raise ProcessDied(self.name, self.code, self.tail())

    def tail(self, lines: int = TAIL_LINES) -> str:
        """The last lines that this run wrote."""
        with suppress(FileNotFoundError), self.log.open("rb") as log:
            log.seek(self._log_start)
            text = log.read().decode(errors="replace")
            return "\n".join(f"  {line}" for line in text.splitlines()[-lines:]) or "  (it wrote nothing)"
        return "  (it wrote nothing)"

    def stop(self, *, within: float = 20.0) -> None:
        """Ask it to end, and kill it when it has not within that time."""
        self.signal(self._stop_signal)
        if not self.wait(within):
            self.kill()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone: a crash as far as the program can tell."""
        self.signal(signal.SIGKILL)
        self.wait(10.0)

    def signal(self, number: signal.Signals) -> None:
        """Send it, unless it has ended."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(number)
