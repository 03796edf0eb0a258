"""Whether to ask Kafka at all: after a failure it is left alone until it answers a probe."""

from enum import Enum, auto


class State(Enum):
    """CLOSED lets all through, HALF_OPEN one at a time, OPEN none."""

    CLOSED = auto()
    HALF_OPEN = auto()
    OPEN = auto()


class Breaker:
    """Opens on the first failure: an order has another way (the spool), and must not wait for nothing."""

    def __init__(self) -> None:
        self.state = State.CLOSED
        self._trying = False

    def admit(self) -> bool:
        """Whether to try now. Whoever was let in says `succeeded`, `failed` or `abandoned`."""
        if self.state is State.CLOSED:
            return True
        if self.state is State.OPEN or self._trying:
            return False
        self._trying = True
        return True

    def succeeded(self) -> None:
        """The broker acknowledged."""
        self.state, self._trying = State.CLOSED, False

    def failed(self) -> None:
        """The broker did not acknowledge in time."""
        self.state, self._trying = State.OPEN, False

    def abandoned(self) -> None:
        """The trial ended without an outcome."""
        self._trying = False

    def answered(self) -> None:
        """The broker answered a probe: one order may try."""
        if self.state is State.OPEN:
            self.state = State.HALF_OPEN
