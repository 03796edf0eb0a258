"""What goes wrong here.

ResultsPublisherError
├── UnstorableEvents     PostgreSQL refuses a value of the batch: one of its events is to blame
├── RefusedEvents        some of a batch can never be worked on
├── FileUnavailable      an engine's file cannot be had, now or ever
├── DeliveryNotFound     no delivery has this id
└── NotPossible          the delivery's state forbids what was asked; the message says why
    └── InvalidBody      a mended body that SmartRecruiters' contract refuses
"""

from collections.abc import Mapping
from uuid import UUID


class ResultsPublisherError(Exception):
    """Base of them all."""


class UnstorableEvents(ResultsPublisherError):
    """Trying again cannot help; trying the events one by one finds which it is."""


class RefusedEvents(ResultsPublisherError):
    """Nothing of the batch is kept. `reasons`, free of values, is by the id of each event to blame."""

    def __init__(self, reasons: Mapping[UUID, str]) -> None:
        super().__init__(f"{len(reasons)} events refused")
        self.reasons = reasons


class FileUnavailable(ResultsPublisherError):
    """`code` is the delivery's reason; `passing` says whether a later try may work."""

    def __init__(self, code: str, *, passing: bool, http_status: int | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.passing = passing
        self.http_status = http_status


class DeliveryNotFound(ResultsPublisherError):
    """HTTP 404."""


class NotPossible(ResultsPublisherError):
    """HTTP 409."""


class InvalidBody(NotPossible):
    """HTTP 422: names the fields, not their values."""
