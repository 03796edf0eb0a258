"""Children die when they are told to, and when we die."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from local_stack.child import Child
from local_stack.errors import LocalStackError, NotReady, ProcessDied

WAITS = "import threading; print('up', flush=True); threading.Event().wait()"
DEAF = f"import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); {WAITS}"


def python(name: str, code: str, log: Path) -> Child:
    return Child(name, [sys.executable, "-c", code], log=log)


def up(child: Child) -> bool:
    return "up" in child.tail()


def test_a_child_that_ends_is_named_with_its_code_and_last_lines(tmp_path: Path) -> None:
    child = python("orders", "print('no such table'); raise SystemExit(3)", tmp_path / "log").start()

    with pytest.raises(ProcessDied, match=r"(?s)^orders ended with exit code 3; .*no such table"):
        child.until(lambda: False, within=20)


def test_a_child_that_never_gets_ready_is_told_with_its_last_lines(tmp_path: Path) -> None:
    child = python("orders", WAITS, tmp_path / "log").start()
    child.until(lambda: up(child), within=20)

    with pytest.raises(NotReady, match=r"(?s)^orders was not ready within .*up"):
        child.until(lambda: False, within=0.1)
    child.kill()


def test_stop_ends_it_and_may_be_repeated(tmp_path: Path) -> None:
    child = python("orders", WAITS, tmp_path / "log").start()
    child.until(lambda: up(child), within=20)

    child.stop(within=20)
    child.stop(within=20)

    assert child.code == -signal.SIGTERM


def test_stop_kills_what_does_not_listen(tmp_path: Path) -> None:
    child = python("orders", DEAF, tmp_path / "log").start()
    child.until(lambda: up(child), within=20)

    child.stop(within=0.2)

    assert child.code == -signal.SIGKILL


def test_a_later_run_shows_only_its_own_lines(tmp_path: Path) -> None:
    first = python("orders", "print('first')", tmp_path / "log").start()
    assert first.wait(20)

    second = python("orders", "print('second')", tmp_path / "log").start()

    assert second.wait(20)
    assert second.tail().split() == ["second"]


def test_what_was_never_started_has_nothing_to_stop(tmp_path: Path) -> None:
    child = python("orders", WAITS, tmp_path / "log")

    child.stop(within=1)

    assert child.code is None
    with pytest.raises(LocalStackError, match="never started"):
        _ = child.pid


def test_children_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "log"
    # Started from a thread that is gone by then: the child lives as long as the program, not as the thread.
    parent = f"""
import threading, sys
from pathlib import Path
from local_stack.child import Child
child = Child("orders", [sys.executable, "-c", {WAITS!r}], log=Path({str(log)!r}))
starter = threading.Thread(target=child.start)
starter.start(); starter.join()
child.until(lambda: "up" in child.tail(), within=20)
print(child.pid, flush=True)
threading.Event().wait()
"""
    command = [sys.executable, "-c", parent]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - ours
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        watched = os.pidfd_open(pid)
        os.kill(pid, 0)
        process.kill()

    try:
        assert ended(watched, within=20)
    finally:
        os.close(watched)


def ended(pidfd: int, *, within: float) -> bool:
    return bool(select.select([pidfd], [], [], within)[0])
