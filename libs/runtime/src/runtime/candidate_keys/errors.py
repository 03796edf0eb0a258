"""What stands between a candidate's data and whoever wants to read it.

CandidateKeyError
├── Unreadable           not a sealed candidate, or changed since it was sealed
├── Erased               its key is gone for good, and the data with it
├── UnknownKey           no such key was ever allotted: another installation's, or a database set back
└── KeysUnavailable      the credentials service does not answer: try again
"""


class CandidateKeyError(Exception):
    """Base; the message holds ids of keys, never what they seal."""


class Unreadable(CandidateKeyError):
    """It never was ours, or was changed on the way."""


class Erased(CandidateKeyError):
    """There is nothing left to open it with."""


class UnknownKey(CandidateKeyError):
    """The operator's: credentials' database does not hold what was allotted."""


class KeysUnavailable(CandidateKeyError):
    """Nobody's fault for long."""
