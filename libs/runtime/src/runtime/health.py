"""Readiness: named probes, each under a deadline."""

import asyncio
import inspect
from collections.abc import Awaitable, Callable

Probe = Callable[[], Awaitable[bool] | bool]


class Health:
    """What a process needs to do its work. A probe that raises, or takes longer than `deadline`, is false."""

    def __init__(self, *, deadline: float = 2.0) -> None:
        self._deadline = deadline
        self._probes: dict[str, Probe] = {}

    def check(self, name: str, probe: Probe) -> None:
        """Adds a probe; the last one of a name counts."""
        self._probes[name] = probe

    async def report(self) -> dict[str, bool]:
        """Returns each probe's answer; all are asked at the same time."""
        answers = await asyncio.gather(*(self._ask(probe) for probe in self._probes.values()))
        return dict(zip(self._probes, answers, strict=True))

    async def _ask(self, probe: Probe) -> bool:
        try:
            async with asyncio.timeout(self._deadline):
                answer = probe()
                return bool(await answer if inspect.isawaitable(answer) else answer)
        except Exception:
            return False
