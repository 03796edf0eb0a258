"""`python -m tests.containers`: every proof in turn; exit 0 when all of them held."""

import asyncio
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.containers import figures, flow, hardening, names
from tests.containers.engine import Failed
from tests.containers.stack import SERVICES, ComposeStack

SCALED = {"gateway": 2, "results-publisher": 3}
STOPPED_WITHIN = 30.0
BUILD_WITHIN = 1200.0


def say(text: str) -> None:
    """One line, at once."""
    print(text, flush=True)  # noqa: T201 - what it saw is its output


@contextmanager
def proof(title: str) -> Iterator[None]:
    """A part of the proofs, and how long it took."""
    began = monotonic()
    say(f"\n{title}")
    yield
    say(f"  ok ({monotonic() - began:.0f} s)")


def prove(stack: ComposeStack) -> None:
    """Everything in turn; AssertionError or Failed tells what did not hold."""
    with proof("images"):
        _ = stack.compose("build", within=BUILD_WITHIN)
        say(figures.sizes())
    with proof("docker compose --profile sandbox up: the workflow"):
        stack.up()
        say(stack.walked())
        say(figures.starts(stack))
    with proof("what containers may"):
        for line in hardening.prove(stack):
            say(f"  {line}")
    with proof("live is not ready"):
        for line in hardening.health_tells_live_from_ready(stack):
            say(f"  {line}")
    asyncio.run(_orders(stack))
    with proof("stopping"):
        _stops(stack)


async def _orders(stack: ComposeStack) -> None:
    async with flow.connected(stack) as world:
        stack.autopilot(on=True)
        with proof("kill -9, and Docker starts it again"):
            for part, call, status in flow.KILLS:
                say(f"  {await flow.kill(world, part, call, status)}")
        with proof("all services stopped and started in the middle of orders"):
            say(f"  {await flow.restart(world, stack)}")
        with proof(f"replicas: {SCALED}"):
            stack.scale(SCALED)
            say(f"  {await flow.replicas(world, stack)}")
            say(f"  {await flow.kill_one_gateway(world, stack)}")
            stack.wait_ready("gateway")
            stack.autopilot(on=False)
            say(f"  and the workflow: {_last(stack.walk())}")


def _stops(stack: ComposeStack) -> None:
    began = monotonic()
    _ = stack.compose("stop", *SERVICES)
    took = monotonic() - began
    codes = stack.exit_codes(SERVICES)
    assert set(codes.values()) == {0}, f"ended otherwise than with 0: {codes}"
    assert took < STOPPED_WITHIN, f"{took:.0f} s to stop"
    say(f"  {len(codes)} containers ended with 0 within {took:.1f} s")


def _last(text: str) -> str:
    summary = text.partition("The whole workflow worked:")[2]
    return " · ".join(line.strip().removeprefix("ok  ") for line in summary.splitlines() if line.strip())


def main() -> int:
    """The program."""
    names.known()
    with tempfile.TemporaryDirectory(prefix="containers-") as folder:
        stack = ComposeStack(Path(folder))
        stack.down()
        try:
            prove(stack)
        except (AssertionError, Failed) as error:
            say(f"\nFAILED: {error}\n\nlast words of each container:\n{stack.last_words()}")
            return 1
        finally:
            stack.down()
    say("\nevery proof held")
    return 0


if __name__ == "__main__":
    sys.exit(main())
