"""What can go wrong in the engine.

EngineError
├── BrokerUnavailable    Kafka did not acknowledge in time; nothing is lost, the caller repeats
├── UnknownOrder         no request for it was read (yet)
├── Cancelled            the order was called back: nothing more is sent about it
├── CandidateErased      the candidate's data was erased at the bridge
└── Unanswered           questions are open; `questions` names them
StartupError             the process cannot start; its text is the one line printed
"""


class EngineError(Exception):
    """Base of what a request to the engine can end in."""


class BrokerUnavailable(EngineError):
    """Kafka did not acknowledge in time. A record may have arrived: its repeat has the same id."""


class UnknownOrder(EngineError):
    """No request for this order was read, or not yet."""


class Cancelled(EngineError):
    """assessment.cancelled was read for this order."""


class CandidateErased(EngineError):
    """The bridge answered 410: what is kept of this candidate here has to go, too."""


class Unanswered(EngineError):
    """Some questions have no answer."""

    def __init__(self, questions: tuple[str, ...]) -> None:
        super().__init__(f"{len(questions)} questions are open")
        self.questions = questions


class StartupError(Exception):
    """The process ends with this text and code 1."""
