"""Intake: orders a second the gateway takes with 202, beside the bare limit, in turns on the same machine."""

import json
import statistics
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from uuid import uuid4

from contracts.envelope import Event, EventData
from contracts.events import IntegrationConnected, PackagePublished
from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_PACKAGES, RESULTS_DELIVERIES, Topic
from contracts.types import PackageType
from runtime.kafka.producer import EventProducer

from tests.bench import identity
from tests.bench.load import Figures, post_all
from tests.bench.surroundings import Surroundings
from tests.support.ports import free_port
from tests.support.processes import running

IN_FLIGHT = 32
ORDERS = 6000
ROUNDS = 5


async def measure(place: Surroundings) -> list[tuple[Figures, Figures]]:
    """Returns (bare, ours) of each round; both get the same bodies, each its own orders."""
    async with _bare(place) as (bare_url, bare_pid), _gateway(place) as (our_url, our_pid, token):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        async def post(url: str, pid: int, count: int) -> Figures:
            return await post_all(url, _orders(count), headers, in_flight=IN_FLIGHT, server=pid)

        for url, pid in ((bare_url, bare_pid), (our_url, our_pid)):  # warm up
            await post(url, pid, 500)
        rounds = []
        for _ in range(ROUNDS):
            bare = await post(bare_url, bare_pid, ORDERS)
            ours = await post(our_url, our_pid, ORDERS)
            rounds.append((bare, ours))
        return rounds


def report(rounds: list[tuple[Figures, Figures]]) -> float:
    """Prints the rounds and returns the median ratio of ours to bare."""
    print(f"intake: {ORDERS} orders a round, {IN_FLIGHT} in flight (token check and validation on)")
    for bare, ours in rounds:
        print(
            f"  bare {_words(bare)}   gateway {_words(ours)}   ratio {ours.per_second / bare.per_second:.2f}"
        )
    ratio = statistics.median(ours.per_second / bare.per_second for bare, ours in rounds)
    print(f"  median ratio {ratio:.2f}")
    return ratio


def _words(figures: Figures) -> str:
    return (
        f"{figures.per_second:6.0f}/s p50 {figures.p50:4.1f} ms p99 {figures.p99:5.1f} ms"
        f" CPU {figures.cpu:3.0f} µs"
    )


@asynccontextmanager
async def _bare(place: Surroundings) -> AsyncIterator[tuple[str, int]]:
    # Into a topic that is not in use here and has as many partitions as gateway.orders.
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = place.program(
        "-m", "tests.bench.bare_intake", str(port), place.kafka, place.prefix + RESULTS_DELIVERIES.name,
        ready=f"{address}/health/ready",
    )  # fmt: skip
    async with running(program):
        yield f"{address}/packages/orders", program.pid


@asynccontextmanager
async def _gateway(place: Surroundings) -> AsyncIterator[tuple[str, int, str]]:
    key, key_file = identity.make_key(), place.folder / "key.json"
    key_file.write_text(json.dumps(key.as_dict(private=False)))
    port, internal, credentials = free_port(), free_port(), free_port()
    address = f"http://127.0.0.1:{port}"
    now = datetime.now(UTC)
    await _say(place, CREDENTIALS_INTEGRATIONS, IntegrationConnected(
        company_id=identity.COMPANY, client_id="bench", credential_versions=(1,), changed_at=now,
    ))  # fmt: skip
    await _say(place, ENGINES_PACKAGES, PackagePublished(
        company_id="*", package_id="bench", type=PackageType.SKILL_TEST, name="Bench", description="Bench",
    ))  # fmt: skip
    async with AsyncExitStack() as stack:
        keys = place.program(
            "-m", "tests.bench.identity", str(credentials), str(key_file),
            ready=f"http://127.0.0.1:{credentials}/internal/jwks",
        )  # fmt: skip
        await stack.enter_async_context(running(keys))
        gateway = place.program(
            "-m", "gateway", ready=f"http://127.0.0.1:{internal}/health/ready",
            PUBLIC_URL=address, GATEWAY_PORT=str(port), GATEWAY_INTERNAL_PORT=str(internal),
            CREDENTIALS_URL=f"http://127.0.0.1:{credentials}", HANDOFF_KEYS=f"b:{'A' * 86}==",
        )  # fmt: skip
        await stack.enter_async_context(running(gateway))
        yield f"{address}/packages/orders", gateway.pid, identity.make_token(key, address)


async def _say(place: Surroundings, topic: Topic, data: EventData) -> None:
    producer = EventProducer(bootstrap_servers=place.kafka, prefix=place.prefix, client_id="bench")
    async with producer:
        event = Event(id=uuid4(), source="/bench", time=datetime.now(UTC), data=data)
        await producer.publish(topic, event)


def _orders(count: int) -> list[bytes]:
    return [
        json.dumps({
            "resultCallbackURL":
                f"https://api.smartrecruiters.com/assessment-api/v202010/orders/{uuid4()}/results",
            "candidate": {
                "id": str(uuid4()), "email": "candidate@example.com", "firstName": "Ada", "lastName": "Byron",
                "applicationLanguage": "en",
            },
            "requester": {"userId": "u-1", "email": "recruiter@example.com"},
            "assessmentPackageId": "bench", "jobId": str(uuid4()), "companyId": identity.COMPANY,
        }).encode()
        for _ in range(count)
    ]  # fmt: skip
