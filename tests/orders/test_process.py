"""The process killed in the middle of its work, again and again: nothing lost, nothing twice in effect."""

from collections import Counter
from pathlib import Path

from contracts.events.assessment import Stage

from tests.orders.support import events
from tests.orders.support.bench import TOKEN, Bench, Servers, kinds
from tests.orders.support.smartrecruiters import SmartRecruiters
from tests.support import processes
from tests.support.ports import free_port
from tests.support.processes import Process
from tests.support.waiting import eventually

ORDERS = 60


async def test_kills_lose_and_repeat_nothing(
    bench: Bench, servers: Servers, world: SmartRecruiters, tmp_path: Path
) -> None:
    port = free_port()
    process = Process(
        ["-m", "orders"],
        env={
            "KAFKA_BOOTSTRAP_SERVERS": servers.kafka,
            "KAFKA_TOPIC_PREFIX": servers.prefix,
            "DATABASE_URL": servers.database_url,
            "SMARTRECRUITERS_API_URL": world.url,
            "CREDENTIALS_URL": world.url,
            "INTERNAL_API_TOKEN": TOKEN,
            "ORDERS_INTERNAL_PORT": str(port),
            "ORDERS_SMARTRECRUITERS_PER_SECOND": "1000",
        },
        log=tmp_path / "orders.log",
        ready_url=f"http://127.0.0.1:{port}/health/ready",
    )
    async with processes.running(process):
        for number in range(ORDERS):
            await bench.say(events.placed(f"o-{number}"))
            if number % 20 == 10:
                await eventually(lambda: bench.requests, 40)
                await process.kill()
                await process.start()
        for number in range(ORDERS):
            await bench.requested(f"o-{number}", 60)
            await bench.say(events.updated(f"o-{number}", Stage.COMPLETED))
        for number in range(ORDERS):
            order = await bench.until(f"o-{number}", port, 60, state="completed")
            assert Counter(kinds(order)) == Counter(["placed", "enriched", "requested", "completed"])
        assert await process.stop() == 0
    # A relay may repeat an event; its id tells.
    assert len({one.id for one in bench.requests}) == ORDERS
    assert bench.dead == []
    assert "ada@example.com" not in process.output
    assert "Byron" not in process.output
