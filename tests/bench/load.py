"""A bounded load of HTTP requests, always the same number in flight."""

import asyncio
import os
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import aiohttp


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load saw: requests a second, latency in milliseconds, and the server's CPU in µs a request."""

    per_second: float
    p50: float
    p99: float
    cpu: float


def cpu_seconds(pid: int) -> float:
    """Returns the processor time a process has used so far, its own and the kernel's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def connections(most: int) -> aiohttp.ClientSession:
    """Returns a client that keeps as many connections open as there are requests in flight."""
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=most))


async def post_all(
    session: aiohttp.ClientSession,
    url: str,
    bodies: Sequence[bytes],
    headers: Mapping[str, str],
    *,
    in_flight: int,
    server: int,
) -> Figures:
    """Posts every body once to the process `server`. Raises RuntimeError at an answer that is not 202."""
    took: list[float] = []
    waiting = iter(bodies)

    async def worker() -> None:
        for body in waiting:
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"{url} answered {answer.status}: {await answer.text()}")
                await answer.read()
            took.append((time.perf_counter() - begun) * 1000)

    begun, used = time.perf_counter(), cpu_seconds(server)
    async with asyncio.TaskGroup() as group:
        for _ in range(in_flight):
            group.create_task(worker())
    whole, used = time.perf_counter() - begun, cpu_seconds(server) - used
    percentiles = statistics.quantiles(took, n=100)
    return Figures(len(bodies) / whole, percentiles[49], percentiles[98], used / len(bodies) * 1e6)
