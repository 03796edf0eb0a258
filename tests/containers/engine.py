"""The Docker engine, asked by its own command line."""

import json
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Event
from time import monotonic
from typing import Any

ROOT = Path(__file__).parents[2]
GONE_WITHIN = 10.0
BASE_IMAGE = "python:3.13-slim-trixie"

Json = dict[str, Any]


class Failed(Exception):
    """A command of docker did; its text is what it said."""


def docker(
    *arguments: str, within: float = 60.0, environment: Mapping[str, str] | None = None, typed: str = ""
) -> str:
    """What it printed; Failed tells what it said instead."""
    try:
        done = subprocess.run(  # noqa: S603 - composed here
            ["docker", *arguments],  # noqa: S607 - the one on the PATH is meant
            input=typed,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
            cwd=ROOT,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired as error:
        raise Failed(f"docker {' '.join(arguments[:6])}: no end within {within:.0f} s") from error
    if done.returncode != 0:
        raise Failed(
            f"docker {' '.join(arguments)}: {done.returncode}\n{done.stdout[-2000:]}{done.stderr[-4000:]}"
        )
    return done.stdout


def inspect(container: str) -> Json:
    """Everything the engine knows of a container."""
    found: Json = json.loads(docker("inspect", container))[0]
    return found


def kill_from_outside(containers: Sequence[str]) -> None:
    """SIGKILL to each container's first process, past the engine.

    `docker kill` is a person's wish, after which nothing is started again; this is what a crash looks like.
    """
    for container in containers:
        known = inspect(container)
        pid = int(known["State"]["Pid"])
        assert pid > 1, f"{container} is not running"
        if os.geteuid() == 0 and _runs_here(pid, known["Id"]):
            os.kill(pid, signal.SIGKILL)
        else:  # the engine's processes are another user's, or on another machine
            program = f"import os; os.kill({pid}, 9)"
            _ = docker("run", "--rm", "--privileged", "--pid=host", BASE_IMAGE, "python3", "-c", program)
        _wait_until_gone(container, known["State"]["StartedAt"])


def _wait_until_gone(container: str, started_at: str) -> None:
    deadline = monotonic() + GONE_WITHIN
    while (state := inspect(container)["State"])["Running"] and state["StartedAt"] == started_at:
        assert monotonic() < deadline, f"{container} was killed, and runs"
        Event().wait(0.05)


def _runs_here(pid: int, container_id: str) -> bool:
    try:
        return container_id in Path(f"/proc/{pid}/cgroup").read_text()
    except OSError:
        return False
