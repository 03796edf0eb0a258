"""Faults on demand: which call goes wrong, how, and how often."""

from collections.abc import Callable, Iterable
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

FaultKind = Literal["latency", "status", "hang", "lose_answer", "drop"]


class Fault(BaseModel):
    """One entry of PUT /admin/faults.

    `latency` waits `seconds`; `status` answers with it and `message` instead of working, and with `echo`
    repeats all that was sent; `hang` answers nothing for
    `seconds` and cuts; `lose_answer` works and cuts; `drop` cuts before working. Without `times` it lasts
    until the faults are replaced.
    """

    model_config = ConfigDict(extra="forbid")

    call: str = "*"
    company_id: str | None = None
    kind: FaultKind
    status: Annotated[int, Field(ge=400, le=599)] = 500
    message: str = "A fault that was asked for."
    echo: bool = False
    seconds: Annotated[float, Field(ge=0, le=3600)] | None = None
    retry_after: Annotated[int, Field(ge=0)] | None = None
    times: Annotated[int, Field(ge=1)] | None = None
    probability: Annotated[float, Field(ge=0, le=1)] = 1.0

    def matches(self, call: str, company_id: str | None) -> bool:
        """Whether it is meant for this call of this company."""
        return self.call in {"*", call} and self.company_id in {None, company_id}


class FaultBook:
    """The faults in force. Every latency that matches is taken, and the first fault of another kind."""

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._faults: list[Fault] = []
        self.generation = 0
        """Changes with every replacement: a hanging call ends when its faults are no more."""

    def replace(self, faults: Iterable[Fault]) -> None:
        """Sets all faults anew."""
        self._faults = [fault.model_copy() for fault in faults]
        self.generation += 1

    def listed(self) -> list[Fault]:
        """Returns the faults in force, with the times that are left."""
        return list(self._faults)

    def take(self, call: str, company_id: str | None) -> list[Fault]:
        """Returns what happens to this call, and counts it."""
        if not self._faults:
            return []
        taken: list[Fault] = []
        for fault in list(self._faults):
            decided = any(earlier.kind != "latency" for earlier in taken)
            if not fault.matches(call, company_id) or (decided and fault.kind != "latency"):
                continue
            if fault.probability < 1 and self._chance() >= fault.probability:
                continue
            self._count(fault)
            taken.append(fault)
        return taken

    def _count(self, fault: Fault) -> None:
        if fault.times is None:
            return
        fault.times -= 1
        if not fault.times:
            # By identity: two equal faults are two.
            self._faults = [other for other in self._faults if other is not fault]
