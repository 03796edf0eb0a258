from datetime import UTC, datetime, timedelta
from uuid import uuid4

from runtime import inbox
from runtime.database import pool

from tests.runtime.tables import TABLES


async def test_an_event_is_new_once_for_each_consumer(empty_database_url: str) -> None:
    first, second, third = uuid4(), uuid4(), uuid4()
    async with pool(empty_database_url) as box, box.acquire() as connection:
        await connection.execute(TABLES)
        assert await inbox.remember(connection, "box", first, consumer="a")
        assert not await inbox.remember(connection, "box", first, consumer="a")
        assert await inbox.remember(connection, "box", first, consumer="b")
        ids = [first, second, second, third]
        assert await inbox.remember_many(connection, "box", ids, consumer="a") == {second, third}
        assert await inbox.remember_many(connection, "box", [], consumer="a") == set()


async def test_what_is_rolled_back_is_not_remembered(empty_database_url: str) -> None:
    event_id = uuid4()
    async with pool(empty_database_url) as box, box.acquire() as connection:
        await connection.execute(TABLES)
        transaction = connection.transaction()
        await transaction.start()
        assert await inbox.remember(connection, "box", event_id, consumer="a")
        await transaction.rollback()
        assert await inbox.remember(connection, "box", event_id, consumer="a")


async def test_old_events_are_forgotten(empty_database_url: str) -> None:
    event_id, now = uuid4(), datetime.now(UTC)
    async with pool(empty_database_url) as box, box.acquire() as connection:
        await connection.execute(TABLES)
        await inbox.remember(connection, "box", event_id, consumer="a")
        assert await inbox.forget(connection, "box", before=now - timedelta(days=1)) == 0
        assert await inbox.forget(connection, "box", before=now + timedelta(days=1)) == 1
        assert await inbox.remember(connection, "box", event_id, consumer="a")
