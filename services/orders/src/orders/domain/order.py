"""An order as orders keeps it: ids, states and times; its candidate sealed, until erased."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from contracts.events.order import OrderKind

from orders.domain.states import State


class Publication(StrEnum):
    """What became of the final result at SmartRecruiters. `published` is never taken back."""

    PENDING = "pending"
    HELD = "held"
    REJECTED = "rejected"
    PUBLISHED = "published"


@dataclass(frozen=True, slots=True)
class Order:
    """One order of SmartRecruiters; `order_id` is theirs and belongs to one company for ever."""

    order_id: str
    company_id: str
    kind: OrderKind
    package_id: str
    placed_at: datetime
    job_id: str | None = None
    sealed: str | None = None
    """The candidate, as `contracts.events.order.Candidate.sealed`; None once erased."""
    state: State = State.PLACED
    publication: Publication = Publication.PENDING
    requested_at: datetime | None = None
    answered_at: datetime | None = None
    late_since: datetime | None = None
    finished_at: datetime | None = None
    erased_at: datetime | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more is expected: the end is reached and SmartRecruiters knows it, or may not."""
        published = self.publication is Publication.PUBLISHED
        return self.state.terminal and (published or self.erased_at is not None)
