"""Several replicas, and what a kill leaves behind."""

from itertools import pairwise
from pathlib import Path
from typing import Any

from contracts.events.assessment import Stage

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.smartrecruiters import INTERNAL_TOKEN, Answer, FakeSmartRecruiters
from tests.support.ports import free_port
from tests.support.processes import Process, running
from tests.support.waiting import eventually


def _process(harness: Harness, folder: Path, name: str, **changes: str) -> Process:
    port = free_port()
    env = {
        "KAFKA_BOOTSTRAP_SERVERS": harness.kafka,
        "KAFKA_TOPIC_PREFIX": harness.prefix,
        "DATABASE_URL": harness.database_url,
        "SMARTRECRUITERS_API_URL": harness.smartrecruiters.url,
        "CREDENTIALS_URL": harness.smartrecruiters.url,
        "INTERNAL_API_TOKEN": INTERNAL_TOKEN,
        "RESULTS_PUBLISHER_INTERNAL_PORT": str(port),
        "RESULTS_PUBLISHER_LEASE": "3",
        "RESULTS_PUBLISHER_RETRY_SCHEDULE": "1s,1s,1s",
        **changes,
    }
    ready = f"http://127.0.0.1:{port}/health/ready"
    return Process(["-m", "results_publisher"], env=env, log=folder / f"{name}.log", ready_url=ready)


async def _published(harness: Harness) -> int:
    return len(await harness.deliveries(status="published"))


async def test_two_replicas_send_each_delivery_once_and_keep_the_pace(
    harness: Harness, smartrecruiters: FakeSmartRecruiters
) -> None:
    pace: dict[str, Any] = {"results_publisher_requests_per_second": 20.0, "results_publisher_in_flight": 3}
    companies = ("acme", "globex", "initech")
    async with harness.publisher(**pace), harness.publisher(**pace):
        for number in range(25):
            for company in companies:
                await harness.order(f"{company}-{number}", company)
                await harness.update(f"{company}-{number}", company)
                await harness.update(f"{company}-{number}", company, stage=Stage.COMPLETED)
        await eventually(lambda: _all(harness, 150), within=30)
    assert len(smartrecruiters.calls) == 150
    for company in companies:
        times = [call.at for call in smartrecruiters.calls if call.company_id == company]
        assert smartrecruiters.most_in_flight[company] <= 3
        # 20/s: any 21 requests take a second (less what a loaded machine delays).
        assert all(times[n + 20] - times[n] > 0.85 for n in range(len(times) - 20))
        for number in range(25):
            calls = smartrecruiters.of(f"{company}-{number}")
            assert [call.body["status"] for call in calls] == ["IN_PROGRESS", "COMPLETED"]


async def test_a_kill_loses_nothing_and_another_replica_goes_on(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, tmp_path: Path
) -> None:
    first, second = _process(harness, tmp_path, "first"), _process(harness, tmp_path, "second")
    async with running(first):
        for number in range(40):
            await harness.order(f"order-{number}")
            await harness.update(f"order-{number}", summary="one")
            await harness.update(f"order-{number}", stage=Stage.COMPLETED, summary="two")
        await eventually(lambda: len(smartrecruiters.calls) >= 8)
        await first.kill()
        async with running(second):
            await eventually(lambda: _all(harness, 80), within=40)
            assert await second.stop() == 0
    for number in range(40):
        said = [call.body["summary"] for call in smartrecruiters.of(f"order-{number}")]
        assert set(said) == {"one", "two"}
        assert all(earlier <= later for earlier, later in pairwise(said))  # "one" sorts before "two"
    # What was under way at the kill may have gone out twice, nothing else.
    assert len(smartrecruiters.calls) <= 80 + 8


async def test_a_stop_gives_the_leases_back(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, tmp_path: Path
) -> None:
    process = _process(harness, tmp_path, "first", RESULTS_PUBLISHER_LEASE="300")
    async with running(process):
        for number in range(60):
            await harness.order(f"order-{number}")
            await harness.update(f"order-{number}")
        await eventually(lambda: len(smartrecruiters.calls) >= 5)
        assert await process.stop() == 0
    leases = await harness.pool.fetch("SELECT lease_until FROM results_publisher.companies")
    assert [row["lease_until"] for row in leases] == [None]
    sent = len(smartrecruiters.calls)
    assert sent < 60
    assert await _published(harness) == sent
    async with harness.publisher():
        await eventually(lambda: _all(harness, 60))
    assert len(smartrecruiters.calls) == 60


async def test_secrets_and_results_stay_out_of_the_logs(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, tmp_path: Path
) -> None:
    smartrecruiters.answers["order-1"].extend([Answer(500, body={"message": "about jane"}), Answer(400)])
    process = _process(harness, tmp_path, "first")
    async with running(process):
        await harness.order("order-1")
        await harness.update("order-1", summary="jane did well")
        await harness.until("order-1", "dead")
    assert "http_400" in process.output
    for secret in ("jane", "acme:1", INTERNAL_TOKEN):
        assert secret not in process.output


async def _all(harness: Harness, count: int) -> bool:
    done = await _published(harness)
    assert done == count, done
    return True
