"""Batches of events, written with as few statements as there are tables."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
from contracts.events.order import OrderKind
from contracts.topics import RESULTS_DELIVERIES
from runtime import inbox, outbox
from runtime.database import Connection, Pool

from results_publisher.domain import events
from results_publisher.domain.delivery import NewDelivery, Order
from results_publisher.domain.document import Document
from results_publisher.domain.ingestion import Incoming, dead_update
from results_publisher.errors import UnstorableEvents
from results_publisher.storage import SCHEMA
from results_publisher.storage import ingestion_sql as sql
from results_publisher.storage.holding import cut_off, hold_open
from results_publisher.storage.rows import columns, held_event, read_document, read_incoming


class PostgresIngestion:
    """Implements IngestionStore."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["PostgresIngestionTransaction"]:
        """One batch's transaction."""
        try:
            async with self._pool.acquire(timeout=10) as connection, connection.transaction():
                yield PostgresIngestionTransaction(connection)
        except (asyncpg.DataError, asyncpg.IntegrityConstraintViolationError) as error:
            raise UnstorableEvents(type(error).__name__) from error

    async def orders_with_waiting(self, limit: int) -> list[str]:
        """Happens where an order and its update were written at the same time by two replicas."""
        return [row["order_id"] for row in await self._pool.fetch(sql.KNOWN_AFTER_ALL, limit)]

    async def give_up_waiting(self, *, older_than: timedelta, now: datetime) -> int:
        """Dead letters, told of; the update itself stays, should its order come after all."""
        async with self.transaction() as work:
            return await work.give_up_waiting(older_than, now)

    async def cut_off(self, *, held_for: timedelta, now: datetime) -> int:
        """Up to 500 at a time."""
        async with self._pool.acquire(timeout=10) as connection, connection.transaction():
            return await cut_off(connection, held_for, now)

    async def forget(self, *, deliveries_before: datetime, inbox_before: datetime) -> None:
        """Orders, results and deliveries go together, when the order's last delivery is old enough."""
        async with self._pool.acquire(timeout=10) as connection:
            for statement in sql.FORGET:
                await connection.execute(statement, deliveries_before)
            await inbox.forget(connection, SCHEMA, before=inbox_before)


class PostgresIngestionTransaction:
    """Implements IngestionTransaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Inbox."""
        return await inbox.remember_many(self._connection, SCHEMA, event_ids, consumer="results-publisher")

    async def add_orders(self, orders: Sequence[Order]) -> None:
        """Orders and their companies."""
        if not orders:
            return
        await self._connection.execute(sql.ADD_COMPANIES, [order.company_id for order in orders])
        rows = [(order.order_id, order.company_id, order.kind.value, order.callback_url) for order in orders]
        await self._connection.execute(sql.ADD_ORDERS, *columns(rows))

    async def set_company(
        self, company_id: str, *, connected: bool, changed_at: datetime, now: datetime
    ) -> bool:
        """The company's row is locked until the end: two changes of one company take turns."""
        state = "connected" if connected else "disabled"
        if await self._connection.fetchval(sql.SET_COMPANY, company_id, state, changed_at) is None:
            return False
        if connected:
            await self._connection.execute(sql.RELEASE, company_id)
        else:
            await hold_open(self._connection, company_id, now)
        return True

    async def lock(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """In the order of ids, so that two batches never wait for one another."""
        rows = await self._connection.fetch(sql.LOCK, order_ids)
        return {
            row["order_id"]: Order(
                row["order_id"], row["company_id"], OrderKind(row["kind"]), row["callback_url"]
            )
            for row in rows
        }

    async def documents(self, order_ids: Sequence[str]) -> dict[str, Document]:
        """To be read after `lock`."""
        rows = await self._connection.fetch(sql.DOCUMENTS, order_ids)
        return {row["order_id"]: read_document(row) for row in rows}

    async def erased(self, order_ids: Sequence[str]) -> set[str]:
        """Of an order being erased right now, `lock` has waited for the end."""
        rows = await self._connection.fetch(sql.ERASED, order_ids)
        return {row["order_id"] for row in rows}

    async def take_waiting(self, order_ids: Sequence[str]) -> list[Incoming]:
        """Takes back what had been given up, too."""
        rows = await self._connection.fetch(sql.TAKE_WAITING, order_ids)
        late = [row["order_id"] for row in rows if row["given_up_at"] is not None]
        if late:
            await self._connection.execute(sql.SUPERSEDE, late)
        return [read_incoming(row) for row in sorted(rows, key=lambda row: int(row["id"]))]

    async def save_documents(self, documents: Mapping[str, Document]) -> None:
        """Merged results as they are now."""
        rows = [
            (
                order_id,
                document.result.model_dump_json(exclude_unset=True),
                document.status,
                document.changed_at,
            )
            for order_id, document in documents.items()
        ]
        if rows:
            await self._connection.execute(sql.SAVE_DOCUMENTS, *columns(rows))

    async def add_deliveries(self, deliveries: Sequence[NewDelivery], now: datetime) -> None:
        """`seq` follows the order they are given in."""
        rows = [
            (
                one.delivery_id,
                one.order_id,
                one.company_id,
                one.kind.value,
                one.body,
                one.result_status,
                one.status.value,
                one.reason,
                one.traceparent,
            )
            for one in deliveries
        ]
        if not rows:
            return
        added = await self._connection.fetch(sql.ADD_DELIVERIES, *columns(rows))
        held = [held_event(row, now) for row in added if row["status"] == "held"]
        await outbox.put_many(self._connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in held])

    async def add_waiting(self, updates: Sequence[Incoming]) -> None:
        """They wait for their order."""
        rows = [
            (
                one.event_id,
                one.update.order_id,
                one.update.model_dump_json(exclude_unset=True),
                one.traceparent,
            )
            for one in updates
        ]
        if rows:
            await self._connection.execute(sql.ADD_WAITING, *columns(rows))

    async def give_up_waiting(self, older_than: timedelta, now: datetime) -> int:
        """Up to 500 at a time."""
        await self._connection.execute(sql.DROP_ERASED)
        rows = await self._connection.fetch(sql.GIVE_UP, older_than, now)
        dead = [dead_update(read_incoming(row), "unknown_order") for row in rows]
        await self.add_deliveries(dead, now)
        told = [
            events.rejected(
                delivery_id=one.delivery_id,
                order_id=one.order_id,
                company_id=one.company_id,
                kind=one.kind,
                status=one.result_status,
                attempts=0,
                reason="unknown_order",
                now=now,
                traceparent=one.traceparent,
            )
            for one in dead
        ]
        await outbox.put_many(self._connection, SCHEMA, [(RESULTS_DELIVERIES, event) for event in told])
        return len(dead)
