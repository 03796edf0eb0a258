"""`make run` as a person sees it: the program in its own process, watched from outside."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import IO

from local_stack.ports import Ports
from local_stack.stack import taken

UP = "It stays up until Ctrl-C."
START_WITHIN = 100.0
END_WITHIN = 40.0


@contextmanager
def running(data: Path, *arguments: str, ports: Ports | None = None) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | (ports or Ports.free()).as_settings()
    command = [sys.executable, "-m", "local_stack", "run", "--data", str(data), *arguments]
    with subprocess.Popen(  # noqa: S603 - ours
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(stream: IO[str], wanted: str, *, within: float) -> str:
    text, deadline = "", monotonic() + within
    while wanted not in text:
        if not select.select([stream], [], [], deadline - monotonic())[0]:
            raise AssertionError(f"no '{wanted}' within {within} s, but:\n{text}")
        read = os.read(stream.fileno(), 65536).decode()
        if not read:
            raise AssertionError(f"ended without '{wanted}':\n{text}")
        text += read
    return text


def children(pid: int) -> dict[str, int]:
    found = {}
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            fields = dict(line.split(":\t", 1) for line in status.read_text().splitlines() if ":\t" in line)
            command = (status.parent / "cmdline").read_bytes().decode().split("\0")
        except OSError:
            continue
        if fields["PPid"] == str(pid):
            found[" ".join(command)] = int(fields["Pid"])
    return found


def alive(pids: dict[str, int]) -> list[str]:
    return [command for command, pid in pids.items() if Path(f"/proc/{pid}").exists()]


def test_it_walks_through_the_workflow_stays_up_and_ends_with_ctrl_c(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        text = read_until(process.stdout, UP, within=START_WITHIN)
        started = children(process.pid)

        process.send_signal(signal.SIGINT)

        assert process.wait(END_WITHIN) == 0, process.stderr.read()
        assert not alive(started)
    assert "\x1b" not in text
    for section in ("SPEC 1.1-1.2", "SPEC 1.3", "SPEC 2", "SPEC 3-5", "The whole workflow worked:"):
        assert section in text


def test_a_part_that_dies_ends_the_run_with_its_name_and_last_lines(tmp_path: Path) -> None:
    with running(tmp_path) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        read_until(process.stdout, UP, within=START_WITHIN)
        started = children(process.pid)
        (victim,) = [pid for command, pid in started.items() if command.endswith("-m orders ")]

        os.kill(victim, signal.SIGKILL)

        assert process.wait(END_WITHIN) == 1
        assert process.stderr.read().startswith("FAILED  orders ended with exit code -9; its last lines:\n")
        assert not alive(started)


def test_a_port_in_use_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        ports = Ports.from_environment(
            Ports.free().as_settings() | {"GATEWAY_PORT": str(other.getsockname()[1])}
        )
        with running(tmp_path, "--once", ports=ports) as process:
            _, errors = process.communicate(timeout=END_WITHIN)

    assert process.returncode == 1
    assert errors == (
        f"FAILED  gateway: port {ports.gateway} on 127.0.0.1 is in use; free it or set GATEWAY_PORT\n"
    )


def clean(data: Path) -> int:
    command = [sys.executable, "-m", "local_stack", "clean", "--data", str(data)]
    return subprocess.run(command, capture_output=True, check=False).returncode  # noqa: S603 - ours


def test_clean_removes_what_is_not_in_use(tmp_path: Path) -> None:
    data = tmp_path / "data"

    with taken(data):
        assert clean(data) == 1
        assert data.exists()

    assert clean(data) == 0
    assert not data.exists()
