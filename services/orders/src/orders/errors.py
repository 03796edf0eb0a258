"""What can go wrong in orders.

OrdersError
├── Refused              an event that can never be applied: dead letter
├── NotYet               an event that came before what it needs: tried again
├── StorageUnavailable   the database is away: tried again
├── ResultsUnavailable   results-publisher is away: tried again
└── UnknownOrder         no order has this id: 404
"""


class OrdersError(Exception):
    """Base; the message holds ids, never personal data."""


class Refused(OrdersError):
    """The event contradicts what is known, and always will."""


class NotYet(OrdersError):
    """The event is ahead of the event it builds on."""


class StorageUnavailable(OrdersError):
    """The database does not answer, or asked to try again."""


class ResultsUnavailable(OrdersError):
    """results-publisher does not answer, or answers something else."""


class UnknownOrder(OrdersError):
    """There is no such order."""
