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
from tests.bench.load import Figures, connections, post_all
from tests.bench.surroundings import Surroundings
from tests.support.ports import free_port
from tests.support.processes import running

IN_FLIGHT = 32
# Short turns and many of them: a machine's speed changes from minute to minute, and then for both.
ORDERS = 400
TURNS = 50
WARM_UP = 4000


async def measure(place: Surroundings) -> list[tuple[Figures, Figures]]:
    """Returns (bare, ours) of each turn; both get the same bodies, each its own orders."""
    async with (
        _bare(place) as (bare_url, bare_pid),
        _gateway(place) as (our_url, our_pid, token),
        connections(IN_FLIGHT) as to_bare,
        connections(IN_FLIGHT) as to_ours,
    ):
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

        async def bare(count: int) -> Figures:
            return await post_all(
                to_bare, bare_url, _orders(count), headers, in_flight=IN_FLIGHT, server=bare_pid
            )

        async def ours(count: int) -> Figures:
            return await post_all(
                to_ours, our_url, _orders(count), headers, in_flight=IN_FLIGHT, server=our_pid
            )

        for server in (bare, ours):
            await server(WARM_UP)
        return [(await bare(ORDERS), await ours(ORDERS)) for _ in range(TURNS)]


def report(turns: list[tuple[Figures, Figures]]) -> float:
    """Prints both servers' figures and returns the median ratio of ours to bare."""
    print(
        f"intake: {len(turns)} turns of {ORDERS} orders, {IN_FLIGHT} in flight, token check and validation on"
    )
    for name, figures in (("bare", [bare for bare, _ in turns]), ("gateway", [ours for _, ours in turns])):
        print(f"  {name:8} {_words(figures)}")
    ratios = [ours.per_second / bare.per_second for bare, ours in turns]
    lower, ratio, upper = statistics.quantiles(ratios, n=4)
    print(f"  ratio    median {ratio:.2f}, half of the turns {lower:.2f} to {upper:.2f}")
    return ratio


def _words(turns: list[Figures]) -> str:
    median = statistics.median
    return (
        f"{median(one.per_second for one in turns):6.0f}/s"
        f"   p50 {median(one.p50 for one in turns):4.1f} ms   p99 {median(one.p99 for one in turns):5.1f} ms"
        f"   CPU {statistics.mean(one.cpu for one in turns):3.0f} µs an order"
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
