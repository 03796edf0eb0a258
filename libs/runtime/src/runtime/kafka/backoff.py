"""Waiting between tries."""

import asyncio
import random


def delay(tries: int, bounds: tuple[float, float]) -> float:
    """Returns seconds to wait after so many tries: doubling between the bounds, half of it chance."""
    least, most = bounds
    whole = min(most, least * 2.0 ** min(tries - 1, 30))
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, hides nothing


def is_cancelled() -> bool:
    """Whether the running task itself is asked to end, rather than something it waited for."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
