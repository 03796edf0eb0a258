"""A moment no real outage can be made to hit: Kafka is just back, one order tries it, PostgreSQL is away."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest
from gateway.domain.orders import Record
from gateway.errors import NotDurable, Unavailable
from gateway.ports import Publish, SpooledRecord
from gateway.service.intake import Intake, Kept

from tests.support.waiting import eventually


class Kafka:
    def __init__(self) -> None:
        self.away = True
        self.acknowledges = asyncio.Event()
        self.asked = 0

    async def publish(self, record: Record) -> None:
        self.asked += 1
        if self.away:
            raise Unavailable("Kafka")
        await self.acknowledges.wait()

    async def publish_spooled(self, records: Sequence[SpooledRecord]) -> None:
        raise Unavailable("Kafka")

    async def answers(self) -> bool:
        return not self.away


class NoSpool:
    async def put(self, record: Record) -> None:
        raise Unavailable("PostgreSQL")

    async def drain(self, publish: Publish) -> int:
        raise Unavailable("PostgreSQL")


def record() -> Record:
    return Record(
        event_id=str(UUID(int=1)),
        order_id="order-1",
        topic="gateway.orders",
        key=b"order-1",
        value=b"{}",
        headers=[],
    )


async def test_orders_beside_a_trial_go_to_kafka_when_the_spool_is_away() -> None:
    kafka = Kafka()
    intake = Intake(orders=kafka, spool=NoSpool())
    for _ in range(2):
        with pytest.raises(NotDurable):
            await intake.keep(record())
    assert kafka.asked == 1, "with both away nobody waits for Kafka again"

    kafka.away = False
    watching = asyncio.create_task(intake.watch())
    trial: asyncio.Task[Kept] | None = None

    async def trying() -> bool:
        nonlocal trial
        if trial is None or trial.done():
            trial = asyncio.create_task(_keep(intake))
            await asyncio.sleep(0)
        return kafka.asked == 2

    try:
        await eventually(trying, 5.0)
        beside = [asyncio.create_task(intake.keep(record())) for _ in range(5)]
        await eventually(lambda: kafka.asked == 7)
        kafka.acknowledges.set()
        assert await asyncio.gather(*beside) == [Kept.BROKER] * 5
        assert trial is not None
        assert await trial is Kept.BROKER
    finally:
        watching.cancel()


async def _keep(intake: Intake) -> Kept:
    try:
        return await intake.keep(record())
    except NotDurable:
        return Kept.NOWHERE
