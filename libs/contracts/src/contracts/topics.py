"""The registry of topics: who says what where, for how long, and where its bad records go."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from contracts.envelope import Event, EventData
from contracts.events.assessment import AssessmentCancelled, AssessmentRequested, AssessmentUpdated
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from contracts.events.order import OrderPlaced
from contracts.events.package import PackagePublished
from contracts.events.result import ResultHeld, ResultPublished, ResultRejected
from contracts.events.token import TokenRevoked


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic. Keys come from the event, nobody passes one by hand.

    `retention` None means compacted: the last record of a key stays for ever.
    """

    name: str
    events: tuple[type[EventData], ...]
    producers: tuple[str, ...]
    """The owner first."""
    consumers: tuple[str, ...]
    retention: timedelta | None
    partitions: int = 6

    @property
    def dead_letter(self) -> str:
        """Where a record goes that a consumer cannot use."""
        return f"{self.name}.dlq"

    def key(self, event: Event[Any]) -> bytes:
        """Returns the event's partition key. Raises TypeError when the event does not belong here."""
        if not isinstance(event.data, self.events):
            raise TypeError(f"{event.type} does not belong to {self.name}")
        return event.subject.encode()


DEAD_LETTER_RETENTION = timedelta(days=30)

GATEWAY_ORDERS = Topic(
    name="gateway.orders",
    events=(OrderPlaced,),
    producers=("gateway",),
    consumers=("orders", "results-publisher", "orders-insights"),
    retention=timedelta(days=7),
)
CREDENTIALS_INTEGRATIONS = Topic(
    name="credentials.integrations",
    events=(IntegrationConnected, IntegrationDisabled, IntegrationRotated),
    producers=("credentials",),
    consumers=("gateway", "orders", "results-publisher"),
    retention=None,
    partitions=1,
)
CREDENTIALS_REVOCATIONS = Topic(
    name="credentials.revocations",
    events=(TokenRevoked,),
    producers=("credentials",),
    consumers=("gateway",),
    # Longer than any access token lives.
    retention=timedelta(days=7),
)
ORDERS_REQUESTS = Topic(
    name="orders.requests",
    events=(AssessmentRequested, AssessmentCancelled),
    producers=("orders",),
    consumers=("engines",),
    retention=timedelta(days=7),
)
ENGINES_UPDATES = Topic(
    name="engines.updates",
    events=(AssessmentUpdated,),
    # orders says itself that an order is over when it was cancelled or expired without an engine's word.
    producers=("engines", "orders"),
    consumers=("orders", "results-publisher", "gateway", "orders-insights"),
    retention=timedelta(days=7),
)
ENGINES_PACKAGES = Topic(
    name="engines.packages",
    events=(PackagePublished,),
    producers=("engines",),
    consumers=("gateway",),
    retention=None,
    partitions=1,
)
RESULTS_DELIVERIES = Topic(
    name="results.deliveries",
    events=(ResultPublished, ResultRejected, ResultHeld),
    producers=("results-publisher",),
    consumers=("orders", "orders-insights"),
    retention=timedelta(days=7),
)

TOPICS: tuple[Topic, ...] = (
    GATEWAY_ORDERS,
    CREDENTIALS_INTEGRATIONS,
    CREDENTIALS_REVOCATIONS,
    ORDERS_REQUESTS,
    ENGINES_UPDATES,
    ENGINES_PACKAGES,
    RESULTS_DELIVERIES,
)
