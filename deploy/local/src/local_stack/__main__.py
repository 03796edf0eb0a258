"""`python -m local_stack run`: the whole stack on this machine, and the workflow of SPEC once through it."""

import shutil
import signal
import sys
import threading
from pathlib import Path
from types import FrameType

import click

from local_stack import flow, terminal
from local_stack.errors import LocalStackError
from local_stack.ports import Ports
from local_stack.stack import Stack, taken

LOOK_EVERY = 0.5


class _Stopped(BaseException):
    """Ctrl-C, SIGTERM, or a closed terminal: not an Exception, so that nothing on the way swallows it."""


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """Run the whole bridge on one machine, without Docker."""


@main.command()
@click.option("--once", is_flag=True, help="end after the workflow; exit 0 when all of it worked")
@click.option("--data", type=click.Path(path_type=Path), default=Path(".data"), show_default=True)
def run(*, once: bool, data: Path) -> None:
    """Start everything, run the workflow once, then stay until Ctrl-C.

    Ports are settings: GATEWAY_PORT, SANDBOX_PORT, LOCAL_KAFKA_PORT and so on.
    """
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _raise_stopped)
    try:
        with Stack(data, Ports.from_environment(), say=terminal.step) as stack:
            terminal.step("everything is up")
            flow.run(stack, tell=terminal.Teller())
            if not once:
                terminal.addresses(stack, administrator=flow.ADMINISTRATOR)
                _stay(stack)
            _ignore_signals()
            terminal.step("stopping")
    except _Stopped:
        terminal.step("stopped")
    except LocalStackError as error:
        terminal.failure(str(error))
        sys.exit(1)


@main.command()
@click.option("--data", type=click.Path(path_type=Path), default=Path(".data"), show_default=True)
def clean(data: Path) -> None:
    """Remove everything a run left; refused while one is running there."""
    try:
        with taken(data):
            shutil.rmtree(data, ignore_errors=True)
    except LocalStackError as error:
        terminal.failure(str(error))
        sys.exit(1)


def _stay(stack: Stack) -> None:
    never = threading.Event()
    while not never.wait(LOOK_EVERY):
        stack.check()


def _raise_stopped(_number: int, _frame: FrameType | None) -> None:
    _ignore_signals()  # a second Ctrl-C does not interrupt stopping, which is bounded
    terminal.step("stopping")
    raise _Stopped


def _ignore_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)


if __name__ == "__main__":
    main()
