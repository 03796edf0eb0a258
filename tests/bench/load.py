"""A bounded load of HTTP requests, always the same number in flight."""

import asyncio
import statistics
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import aiohttp


@dataclass(frozen=True, slots=True)
class Figures:
    """What a load saw: requests a second, and latency in milliseconds."""

    per_second: float
    p50: float
    p99: float


async def post_all(
    url: str, bodies: Sequence[bytes], headers: Mapping[str, str], *, in_flight: int
) -> Figures:
    """Posts every body once. Raises RuntimeError at the first answer that is not 202."""
    took: list[float] = []
    waiting = iter(bodies)

    async def worker(session: aiohttp.ClientSession) -> None:
        for body in waiting:
            begun = time.perf_counter()
            async with session.post(url, data=body, headers=headers) as answer:
                if answer.status != 202:
                    raise RuntimeError(f"{url} answered {answer.status}: {await answer.text()}")
                await answer.read()
            took.append((time.perf_counter() - begun) * 1000)

    connector = aiohttp.TCPConnector(limit=in_flight)
    async with aiohttp.ClientSession(connector=connector) as session:
        begun = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for _ in range(in_flight):
                group.create_task(worker(session))
        whole = time.perf_counter() - begun
    percentiles = statistics.quantiles(took, n=100)
    return Figures(len(bodies) / whole, percentiles[49], percentiles[98])
