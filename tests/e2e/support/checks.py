"""What must hold of every order SmartRecruiters was told we have, whatever was killed meanwhile."""

from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise

from aiokafka import AIOKafkaConsumer, TopicPartition
from contracts.topics import ORDERS_REQUESTS, TOPICS

from tests.e2e.support.world import SETTLED_WITHIN, Placed, World
from tests.support.waiting import eventually

_RANK = {"IN_PROGRESS": 0, "COMPLETED": 1}
# 401: a token that ended, 429: a pace that was too fast; both are tried again. None: the answer was lost.
_BEARABLE = {200, 401, 429, None}

_UNFINISHED = """
SELECT o.order_id, o.state, o.publication FROM orders.orders o
WHERE o.order_id = ANY($1) AND (o.state <> 'completed' OR o.publication <> 'published')
"""
_OPEN = """
SELECT delivery_id, order_id, kind, status, attempts, reason FROM results_publisher.deliveries
WHERE order_id = ANY($1) AND status NOT IN ('published', 'ignored')
"""


async def all_settle(world: World, placed: Sequence[Placed], *, within: float = SETTLED_WITHIN) -> None:
    """Waits until every accepted order is COMPLETED at SmartRecruiters and the bridge knows it."""
    ids = [order.order_id for order in placed if order.accepted]
    assert ids

    async def settled() -> bool:
        world.check()
        statuses = await world.statuses()
        late = {order_id: statuses[order_id] for order_id in ids if statuses[order_id] != "COMPLETED"}
        assert not late, f"not completed at SmartRecruiters: {late}"
        for query in (_OPEN, _UNFINISHED):
            left = await world.rows(query, ids)
            assert not left, [dict(row) for row in left]
        return True

    await eventually(settled, within, every=0.25)


async def nothing_lost_nothing_twice(world: World, placed: Sequence[Placed], *, since: int = 0) -> None:
    """Every guarantee about the accepted ones of these orders; they have to be settled."""
    accepted = [order for order in placed if order.accepted]
    for order in accepted:
        await _well_told(world, order)
    ids = [order.order_id for order in accepted]
    known = await world.rows("SELECT order_id FROM orders.orders WHERE order_id = ANY($1)", ids)
    assert sorted(row["order_id"] for row in known) == sorted(ids), "exactly one each"
    patches = await world.record(since, call="result_patch")
    refused = [call for call in patches if call["status"] not in _BEARABLE and not call["fault"]]
    assert refused == []
    events = await requests(world)
    assert {order_id: len(events[order_id]) for order_id in ids} == dict.fromkeys(ids, 1)
    assert await dead_letters(world) == {}


async def _well_told(world: World, order: Placed) -> None:
    held = await world.shown(order.order_id)
    told = [each["status"] for each in held["history"]]
    assert list(dict.fromkeys(told)) == ["IN_PROGRESS", "COMPLETED"], told
    assert all(_RANK[earlier] <= _RANK[later] for earlier, later in pairwise(told)), told
    files = {each["sha256"] for each in held["attachments"]}
    assert len(files) == (1 if order.kind == "standard" else 0)
    links = [each["url"] for each in held["result"].get("attachments", [])]
    assert order.kind == "standard" or len(links) == 1


async def requests(world: World) -> dict[str, set[str]]:
    """The ids of the events by which the engine was asked for each order."""
    found: dict[str, set[str]] = defaultdict(set)
    async with _reading(world, [ORDERS_REQUESTS.name]) as consumer:
        left = {part: end for part, end in (await _ends(consumer)).items() if end}
        while left:
            for part, records in (await consumer.getmany(*left, timeout_ms=1000)).items():
                for record in records:
                    headers = dict(record.headers)
                    if headers["ce_type"] == b"assessment.requested":
                        found[record.key.decode()].add(headers["ce_id"].decode())
                if await consumer.position(part) >= left[part]:
                    del left[part]
    return found


async def dead_letters(world: World) -> dict[str, int]:
    """How many records are in each dead-letter topic that has any."""
    async with _reading(world, [topic.dead_letter for topic in TOPICS]) as consumer:
        ends = await _ends(consumer)
    assert {part.topic for part in ends} == {topic.dead_letter for topic in TOPICS}
    return {part.topic: end for part, end in ends.items() if end}


@asynccontextmanager
async def _reading(world: World, topics: Sequence[str]) -> AsyncIterator[AIOKafkaConsumer]:
    servers = world.stack.kafka.bootstrap_servers
    consumer = AIOKafkaConsumer(*topics, bootstrap_servers=servers, auto_offset_reset="earliest")
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def _ends(consumer: AIOKafkaConsumer) -> dict[TopicPartition, int]:
    ends: dict[TopicPartition, int] = await consumer.end_offsets(consumer.assignment())
    return ends
