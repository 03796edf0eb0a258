"""Delivery: results a second from Kafka to SmartRecruiters with attempt rows, beside the bare limit."""

import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import aiohttp
import asyncpg
from contracts import codec
from contracts.envelope import Event, EventData
from contracts.events import AssessmentUpdated, IntegrationConnected, OrderPlaced
from contracts.events.assessment import AssessmentResult, PackageResult, Score, Stage
from contracts.events.order import Candidate, OrderKind
from contracts.topics import CREDENTIALS_INTEGRATIONS, ENGINES_UPDATES, GATEWAY_ORDERS, Topic
from runtime.kafka.producer import EventProducer, Message

from tests.bench.surroundings import Surroundings
from tests.support.ports import free_port
from tests.support.processes import running
from tests.support.waiting import eventually

RESULTS = 10_000
COMPANIES = 250
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Figures:
    """Results a second: bare, ours to the last PATCH, ours to the last attempt row."""

    bare: float
    patched: float
    noted: float


async def measure(place: Surroundings) -> list[Figures]:
    """Returns each round's figures; every round has its own orders."""
    async with _receiver(place) as receiver:
        return [await _round(place, receiver, number) for number in range(ROUNDS)]


def report(rounds: list[Figures]) -> float:
    """Prints the rounds and returns the median of results a second with their attempt rows."""
    print(f"delivery: {RESULTS} results of {COMPANIES} companies a round")
    for figures in rounds:
        print(
            f"  bare {figures.bare:6.0f}/s   results-publisher {figures.patched:6.0f}/s to the last PATCH,"
            f" {figures.noted:6.0f}/s to the last attempt row   ratio {figures.noted / figures.bare:.2f}"
        )
    median = sorted(figures.noted for figures in rounds)[len(rounds) // 2]
    print(f"  median {median:.0f}/s")
    return median


async def _round(place: Surroundings, receiver: str, number: int) -> Figures:
    # The publisher is off while the backlog is made, so that making it is not measured.
    orders = [str(uuid4()) for _ in range(RESULTS)]
    company = {order: f"company-{index % COMPANIES}" for index, order in enumerate(orders)}
    async with _publisher(place, receiver):
        await _say_all(place, CREDENTIALS_INTEGRATIONS, [_connected(name) for name in set(company.values())])
        await _say_all(place, GATEWAY_ORDERS, [_placed(order, company[order], receiver) for order in orders])
        await _count(place, "orders", RESULTS * (number + 1))
    await _say_all(place, ENGINES_UPDATES, [_completed(order, company[order]) for order in orders])
    await _forget(receiver)
    async with _publisher(place, receiver):
        await _count(place, "attempts", RESULTS * (number + 1))
        done = time.monotonic()
    seen = await _seen(receiver)
    if seen["count"] != RESULTS:
        raise RuntimeError(f"{RESULTS} results, but {seen['count']} PATCHes")
    begun, last = seen["first"], seen["last"]
    bare = await _bare(place, receiver)
    return Figures(bare, RESULTS / (last - begun), RESULTS / (done - begun))


async def _bare(place: Surroundings, receiver: str) -> float:
    await _forget(receiver)
    program = place.program(
        "-m", "tests.bench.bare_delivery", place.kafka, place.prefix + ENGINES_UPDATES.name, str(RESULTS),
        f"{receiver}/assessment-api/v202010/orders/%s/results", ready=None,
    )  # fmt: skip
    await program.start()
    await program.wait(within=120)
    seen = await _seen(receiver)
    return float(RESULTS / (seen["last"] - seen["first"]))


@asynccontextmanager
async def _receiver(place: Surroundings) -> AsyncIterator[str]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    program = place.program("-m", "tests.bench.receiver", str(port), ready=f"{address}/health/ready")
    async with running(program):
        yield address


@asynccontextmanager
async def _publisher(place: Surroundings, receiver: str) -> AsyncIterator[None]:
    internal = free_port()
    program = place.program(
        "-m", "results_publisher", ready=f"http://127.0.0.1:{internal}/health/ready",
        RESULTS_PUBLISHER_INTERNAL_PORT=str(internal), CREDENTIALS_URL=receiver,
        SMARTRECRUITERS_API_URL=receiver,
        PUBLIC_URL=receiver, RESULTS_PUBLISHER_REQUESTS_PER_SECOND="1000",
    )  # fmt: skip
    await program.start()
    try:
        yield
    finally:
        await program.stop()


async def _say_all(place: Surroundings, topic: Topic, data: Sequence[EventData]) -> None:
    producer = EventProducer(
        bootstrap_servers=place.kafka, prefix=place.prefix, client_id="bench", deadline=60
    )
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(producer)
        for begin in range(0, len(data), 500):
            await producer.publish_batch([_message(topic, each) for each in data[begin : begin + 500]])


def _message(topic: Topic, data: EventData) -> Message:
    event = Event(id=uuid4(), source="/bench", time=datetime.now(UTC), data=data)
    value, headers = codec.encode(event)
    return Message(topic.name, topic.key(event), value, headers)


COUNTS = {
    "orders": "SELECT count(*) FROM results_publisher.orders",
    "attempts": "SELECT count(*) FROM results_publisher.attempts",
}


async def _count(place: Surroundings, table: str, wanted: int) -> None:
    connection = await asyncpg.connect(place.database)

    async def reached() -> bool:
        return bool(await connection.fetchval(COUNTS[table]) >= wanted)

    try:
        await eventually(reached, within=120, every=0.05)
    finally:
        await connection.close()


async def _seen(receiver: str) -> dict[str, float]:
    async with aiohttp.ClientSession() as session, session.get(f"{receiver}/seen") as answer:
        told: dict[str, float] = await answer.json()
        return told


async def _forget(receiver: str) -> None:
    async with aiohttp.ClientSession() as session, session.delete(f"{receiver}/seen"):
        return


def _connected(company: str) -> EventData:
    return IntegrationConnected(
        company_id=company, client_id=company, credential_versions=(1,), changed_at=datetime.now(UTC)
    )


def _placed(order: str, company: str, receiver: str) -> EventData:
    return OrderPlaced(
        order_id=order,
        company_id=company,
        kind=OrderKind.STANDARD,
        package_id="bench",
        result_callback_url=f"{receiver}/assessment-api/v202010/orders/{order}/results",
        candidate=Candidate(id="c-1"),
        received_at=datetime.now(UTC),
    )


def _completed(order: str, company: str) -> EventData:
    now = datetime.now(UTC)
    score = Score(raw=42, min=0, max=100)
    return AssessmentUpdated(
        order_id=order,
        company_id=company,
        stage=Stage.COMPLETED,
        occurred_at=now,
        result=PackageResult(
            name="Bench",
            score=score,
            score_label="fair",
            summary="done",
            submission_date=now,
            assessments=(AssessmentResult(assessment_id="part", score=score, summary="done"),),
        ),
    )
