"""`python -m tests.bench [intake] [delivery]`: measures, prints, and exits 1 when a promise is not kept."""

import asyncio
import os
import platform
import sys
import tempfile
from pathlib import Path

from tests.bench import delivery, intake
from tests.bench.surroundings import surroundings
from tests.support import servers

LEAST_INTAKE_RATIO = 0.8
LEAST_RESULTS_PER_SECOND = 1000


async def _measure(kafka: str, postgres: str, folder: Path, chosen: list[str]) -> bool:
    kept = True
    if "intake" in chosen:
        async with surroundings(kafka, postgres, folder) as place:
            kept &= intake.report(await intake.measure(place)) >= LEAST_INTAKE_RATIO
    if "delivery" in chosen:
        async with surroundings(kafka, postgres, folder) as place:
            kept &= delivery.report(await delivery.measure(place)) >= LEAST_RESULTS_PER_SECOND
    return kept


def main() -> int:
    """Returns 0 when every promise measured here is kept."""
    chosen = sys.argv[1:] or ["intake", "delivery"]
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        with servers.kafka(folder) as kafka, servers.postgres(folder) as postgres:
            return 0 if asyncio.run(_measure(kafka, postgres, folder, chosen)) else 1


if __name__ == "__main__":
    sys.exit(main())
