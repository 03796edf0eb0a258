"""What the use cases need from outside."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from results_publisher.domain.delivery import Delivery, Finished, NewDelivery, Order
from results_publisher.domain.document import Document
from results_publisher.domain.ingestion import Incoming
from results_publisher.domain.outcome import Outcome


@dataclass(frozen=True, slots=True)
class Want:
    """How many deliveries a lane has room for, and the orders it is busy with."""

    company_id: str
    limit: int


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries: all conditions must hold."""

    status: str | None = None
    company_id: str | None = None
    order_id: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ErasedResults:
    """What there was of one order."""

    deleted: int
    dropped: int
    """Those of the deliveries that were still to be sent, or dead."""


class ErasingStore(Protocol):
    """Everything kept of orders."""

    async def erase(
        self, company_id: str, order_ids: Sequence[str], now: datetime
    ) -> Mapping[str, ErasedResults]:
        """Deletes it, and remembers to drop what still comes. Another company's orders are left alone."""

    async def export(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, Any]:
        """Returns it as JSON, by order."""


class IngestionTransaction(Protocol):
    """One batch: all of it is kept, or nothing."""

    async def remember(self, event_ids: Sequence[UUID]) -> set[UUID]:
        """Returns the ids never seen before."""

    async def add_orders(self, orders: Sequence[Order]) -> None:
        """Keeps new orders; the first word on an order holds."""

    async def set_company(
        self, company_id: str, *, connected: bool, changed_at: datetime, now: datetime
    ) -> bool:
        """Holds or releases a company's deliveries. Returns False when something newer is known."""

    async def lock(self, order_ids: Sequence[str]) -> dict[str, Order]:
        """Returns the known ones of the orders, locked until the end."""

    async def documents(self, order_ids: Sequence[str]) -> dict[str, Document]:
        """Returns what is merged so far."""

    async def take_waiting(self, order_ids: Sequence[str]) -> list[Incoming]:
        """Returns, and removes, the updates that waited for these orders, oldest first."""

    async def erased(self, order_ids: Sequence[str]) -> set[str]:
        """Returns those whose candidate was erased; to be asked after `lock`."""

    async def save_documents(self, documents: Mapping[str, Document]) -> None:
        """Keeps merged results."""

    async def add_deliveries(self, deliveries: Sequence[NewDelivery], now: datetime) -> None:
        """Queues deliveries in this order; of a disabled company they are held, and said to be."""

    async def add_waiting(self, updates: Sequence[Incoming]) -> None:
        """Keeps updates whose order is unknown."""


class IngestionStore(Protocol):
    """Where a batch goes."""

    def transaction(self) -> AbstractAsyncContextManager[IngestionTransaction]:
        """Raises UnstorableEvents where PostgreSQL refuses a value."""

    async def orders_with_waiting(self, limit: int) -> list[str]:
        """Returns orders that are known while updates still wait for them."""

    async def give_up_waiting(self, *, older_than: timedelta, now: datetime) -> int:
        """Makes dead letters of updates whose order never came; returns how many."""

    async def cut_off(self, *, held_for: timedelta, now: datetime) -> int:
        """Makes dead letters of deliveries held for so long, and tells of each; returns how many.

        A company that a replica works on right now is left alone.
        """

    async def forget(self, *, deliveries_before: datetime, inbox_before: datetime) -> None:
        """Deletes what is older than its retention."""


class LaneStore(Protocol):
    """Leases of companies and what is due in them."""

    async def acquire(self, limit: int) -> list[str]:
        """Returns companies with due deliveries that nobody else works on, now leased."""

    async def renew(self, company_ids: Sequence[str]) -> set[str]:
        """Returns those that are still ours to work on."""

    async def release(self, resume_at: Mapping[str, timedelta]) -> None:
        """Gives leases back; nobody sends for a company before its wait is over."""

    async def claim(self, wants: Sequence[Want], busy: Iterable[str]) -> list[Delivery]:
        """Returns due deliveries, each the first open one of its order, of orders that are not `busy`."""

    async def hold(self, company_id: str, *, recheck: timedelta, now: datetime) -> None:
        """Holds all open deliveries of a company, tells of each once, and gives the lease back."""


class OutcomeStore(Protocol):
    """What came of attempts."""

    async def write(self, items: Sequence[Finished], now: datetime) -> None:
        """Keeps attempts, the deliveries' new state and its events in one transaction."""


class DeliveryStore(Protocol):
    """What people see and mend."""

    async def find(self, wanted: Filter, *, limit: int, before: int | None) -> list[dict[str, Any]]:
        """Returns deliveries, newest first, without bodies; `before` is the last page's smallest `seq`."""

    async def get(self, delivery_id: UUID) -> dict[str, Any]:
        """Returns a delivery with its body and attempts. Raises DeliveryNotFound."""

    async def edit(self, delivery_id: UUID, body: str) -> None:
        """Replaces a dead letter's body. Raises DeliveryNotFound or NotPossible."""

    async def replay(self, delivery_id: UUID) -> None:
        """Queues a dead letter again. Raises DeliveryNotFound or NotPossible."""

    async def replay_all(self, wanted: Filter, *, limit: int) -> int:
        """Queues the dead letters that can be; returns how many."""


class Sender(Protocol):
    """SmartRecruiters."""

    async def send(self, delivery: Delivery) -> Outcome:
        """Makes one attempt; never raises, never takes longer than its deadlines."""


class TokenCache(Protocol):
    """Customers' tokens for SmartRecruiters."""

    def forget(self, company_id: str) -> None:
        """What is kept may be worth nothing."""
