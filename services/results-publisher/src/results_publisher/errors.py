"""What goes wrong here.

ResultsPublisherError
├── UnstorableEvents     PostgreSQL refuses a value of the batch: one of its events is to blame
├── DeliveryNotFound     no delivery has this id
└── NotPossible          the delivery's state forbids what was asked; the message says why
    └── InvalidBody      a mended body that SmartRecruiters' contract refuses
"""


class ResultsPublisherError(Exception):
    """Base of them all."""


class UnstorableEvents(ResultsPublisherError):
    """Trying again cannot help; trying the events one by one finds which it is."""


class DeliveryNotFound(ResultsPublisherError):
    """HTTP 404."""


class NotPossible(ResultsPublisherError):
    """HTTP 409."""


class InvalidBody(NotPossible):
    """HTTP 422: names the fields, not their values."""
