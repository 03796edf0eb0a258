"""What can be wrong with a record's bytes.

ContractError
├── UnknownEvent    a type or version this package does not know
└── InvalidEvent    a known type whose headers or data break its contract
"""


class ContractError(Exception):
    """A record does not keep the contract; the message names the field, never its value."""


class UnknownEvent(ContractError):
    """The event's type or version is not in the registry."""


class InvalidEvent(ContractError):
    """The event's headers or data are not what its type asks for."""
