"""Every event, by type and version."""

from contracts.envelope import EventData
from contracts.events.assessment import AssessmentCancelled, AssessmentRequested, AssessmentUpdated
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from contracts.events.order import OrderPlaced
from contracts.events.package import PackagePublished
from contracts.events.result import ResultHeld, ResultPublished, ResultRejected
from contracts.events.token import TokenRevoked

EVENTS: tuple[type[EventData], ...] = (
    OrderPlaced,
    IntegrationConnected,
    IntegrationDisabled,
    IntegrationRotated,
    TokenRevoked,
    AssessmentRequested,
    AssessmentCancelled,
    AssessmentUpdated,
    PackagePublished,
    ResultPublished,
    ResultRejected,
    ResultHeld,
)

BY_SCHEMA: dict[str, type[EventData]] = {f"{event.TYPE}.v{event.VERSION}": event for event in EVENTS}

__all__ = [
    "BY_SCHEMA",
    "EVENTS",
    "AssessmentCancelled",
    "AssessmentRequested",
    "AssessmentUpdated",
    "IntegrationConnected",
    "IntegrationDisabled",
    "IntegrationRotated",
    "OrderPlaced",
    "PackagePublished",
    "ResultHeld",
    "ResultPublished",
    "ResultRejected",
    "TokenRevoked",
]
