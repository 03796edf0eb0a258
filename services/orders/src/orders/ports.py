"""What orders' use cases need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from contracts.envelope import Event
from contracts.topics import Topic
from runtime.candidate_keys.client import Binding, Subject
from runtime.candidate_keys.jwe import CandidateKey
from runtime.candidate_keys.person import Person

from orders.domain.enrichment import Outcome, Resource, Work
from orders.domain.order import Order
from orders.domain.outlook import Circumstances
from orders.domain.states import State
from orders.domain.sweeping import Limits
from orders.domain.timeline import Entry


class Unit(Protocol):
    """One transaction: all of it happens or nothing. Lock an order before touching what belongs to it."""

    async def remember(self, event_id: UUID, consumer: str) -> bool:
        """Returns whether the event is new to the consumer."""
        ...

    async def create(self, order: Order) -> bool:
        """Writes a new order; False when its id is taken."""
        ...

    async def lock(self, order_id: str) -> Order | None:
        """Returns an order, which is ours until the transaction ends."""
        ...

    async def save(self, order: Order) -> None:
        """Writes a locked order's states and times."""
        ...

    async def record(self, order_id: str, entries: Sequence[Entry]) -> None:
        """Adds to the timeline."""
        ...

    async def record_for_open(self, company_id: str, entry: Entry) -> None:
        """Adds to the timeline of each of a company's orders that are not closed."""
        ...

    async def say(self, events: Sequence[tuple[Topic, Event[Any]]]) -> None:
        """Writes to the outbox."""
        ...

    async def begin_enrichment(self, work: Work, due_at: datetime) -> None:
        """Writes due work."""
        ...

    async def postpone_enrichment(self, work: Work, due_at: datetime) -> bool:
        """Writes what an attempt came to; False when the work is gone."""
        ...

    async def end_enrichment(self, order_id: str) -> bool:
        """Deletes the work, and with it the candidate's data; False when it is gone."""
        ...

    async def hasten_enrichment(self, company_id: str, now: datetime) -> None:
        """Makes a company's work due at once."""
        ...

    async def save_company(self, company_id: str, *, connected: bool, changed_at: datetime) -> bool:
        """Writes the company's connection; False when something newer is known, or nothing changes."""
        ...

    async def results_erased(self, order_id: str, now: datetime) -> None:
        """Notes that results-publisher has erased an order's results."""
        ...

    async def take_overdue(self, now: datetime, limits: Limits, *, at_most: int) -> Sequence[Order]:
        """Locks and returns orders that may be late or expired; those locked elsewhere are left out."""
        ...


class Transactions(Protocol):
    """Begins transactions. Raises StorageUnavailable."""

    def __call__(self) -> AbstractAsyncContextManager[Unit]:
        """Commits at the end of the block, rolls back on any exception."""
        ...


class EnrichmentQueue(Protocol):
    """Due work, shared between replicas."""

    async def claim(
        self, now: datetime, *, busy: Mapping[str, int], per_company: int, lease: timedelta
    ) -> Sequence[Work]:
        """Takes due work, at most `per_company` less `busy` of each company; due again after the lease."""
        ...

    async def renew(self, order_ids: Sequence[str], until: datetime) -> None:
        """Puts off when claimed work is due again."""
        ...


class CandidateKeys(Protocol):
    """Keys of candidates' data, at credentials. All raise KeysUnavailable."""

    async def open(self, sealed: str) -> tuple[Person, CandidateKey | None]:
        """Returns who is sealed, and the key of its own. Raises Erased, UnknownKey, Unreadable."""
        ...

    async def bind(self, binding: Binding) -> None:
        """Tells whose key it is. Raises Erased when that person's data was erased meanwhile."""
        ...

    async def erase(self, subject: Subject) -> tuple[int, list[str]]:
        """Destroys the person's keys; returns how many, and the orders of theirs. Repeatable."""
        ...

    async def orders(self, subject: Subject) -> list[str]:
        """Returns the person's orders."""
        ...


class KeysAtHand(Protocol):
    """Keys nobody has used yet."""

    def take(self) -> CandidateKey:
        """Returns one, without waiting. Raises KeysUnavailable."""
        ...

    def seal(self, plain: bytes) -> str:
        """Returns the JWE, without waiting. Raises KeysUnavailable."""
        ...


@dataclass(frozen=True, slots=True)
class ErasedResults:
    """What results-publisher had of one order."""

    deleted: int
    dropped: int
    """Those of them that were still to be sent."""


class Results(Protocol):
    """What results-publisher keeps of orders. Both raise ResultsUnavailable."""

    async def erase(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, ErasedResults]:
        """Deletes results and deliveries, drops what still comes. Repeatable."""
        ...

    async def export(self, company_id: str, order_ids: Sequence[str]) -> Mapping[str, Any]:
        """Returns results and deliveries by order."""
        ...


class ErasureQueue(Protocol):
    """Orders whose data is to go. Raises StorageUnavailable."""

    async def outlived(self, ended_before: datetime, *, at_most: int) -> Sequence[tuple[str, str]]:
        """Returns company and id of orders that ended before; not those whose result is held."""
        ...

    async def unfinished(self, *, at_most: int) -> Sequence[tuple[str, str]]:
        """Returns company and id of erased orders whose results may still be at results-publisher."""
        ...


class Resources(Protocol):
    """SmartRecruiters' candidates, jobs and hiring teams, with the company's own credential (SPEC §4)."""

    async def fetch(self, company_id: str, resource: Resource, resource_id: str) -> Outcome:
        """Returns what came of one call; never raises for anything SmartRecruiters does."""
        ...


@dataclass(frozen=True, slots=True)
class OrderView:
    """One order with all there is to say about it."""

    order: Order
    timeline: tuple[Entry, ...]
    around: Circumstances


@dataclass(frozen=True, slots=True)
class Window:
    """Derived numbers of one company in one window of time."""

    company_id: str
    starts_at: datetime
    orders: int
    results: int
    failures: int
    late: int
    seconds_to_result: float | None
    """On average; None without results."""


class Reading(Protocol):
    """What the console, the API and the command line read. Raises StorageUnavailable."""

    async def get(self, order_id: str) -> OrderView | None:
        """Returns an order with its timeline, oldest first."""
        ...

    async def list(self, *, company_id: str | None, state: State | None, limit: int) -> Sequence[Order]:
        """Returns the newest orders first."""
        ...

    async def insights(self, company_id: str, *, limit: int) -> Sequence[Window]:
        """Returns the newest windows first."""
        ...
