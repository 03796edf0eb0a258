"""The use cases: answer requests with launch addresses, take the candidate's steps, offer the packages.

Every event's id is made of the order and the stage, so whatever is published twice (a restart before the
commit, a double click, two replicas) is one event to everybody who reads it.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

import structlog
from contracts.envelope import Event, event_id
from contracts.events.assessment import (
    AssessmentRequested,
    AssessmentUpdated,
    Attachment,
    PackageResult,
    Stage,
)
from contracts.events.order import OrderKind
from contracts.topics import ENGINES_PACKAGES, ENGINES_UPDATES
from contracts.types import AttachmentType, PackageType

from reference_engine.domain import scoring
from reference_engine.domain.catalogue import PACKAGES, Package
from reference_engine.domain.links import Links
from reference_engine.domain.orders import Order, Orders
from reference_engine.errors import Cancelled, UnknownOrder
from reference_engine.ports import Clock, EventPublisher

SOURCE = "engines/reference"

log = structlog.get_logger()


class Known(NamedTuple):
    """An order as its request tells it."""

    request: AssessmentRequested
    package: Package
    order: Order


class EngineService:
    """All methods may be called twice. None touches an order that was cancelled."""

    def __init__(
        self,
        *,
        orders: Orders,
        publisher: EventPublisher,
        links: Links,
        clock: Clock,
        autopilot: bool = False,
    ) -> None:
        self._orders = orders
        self._publisher = publisher
        self._links = links
        self._clock = clock
        self._autopilot = autopilot

    async def offer_packages(self) -> None:
        """Publishes the catalogue. The topic is compacted, so saying it again costs nothing."""
        now = self._clock()
        events = [
            Event(
                id=event_id("package.published", SOURCE, package.id, now.isoformat()),
                source=SOURCE,
                time=now,
                data=package.published(),
            )
            for package in PACKAGES.values()
        ]
        await self._publisher.publish(ENGINES_PACKAGES, events)

    async def handle_requests(self, events: Sequence[Event[Any]]) -> None:
        """Takes in requests and cancellations and publishes what is due for them, all at once.

        Requests for packages of other engines are left to those.
        """
        for event in events:
            self._orders.apply(event)
        orders = dict.fromkeys(event.data.order_id for event in events)
        due = [update for order_id in orders for update in self._due(order_id)]
        await self._publish(due)
        if due:
            log.info("orders launched", orders=len(orders), updates=len(due))

    def find(self, order_id: str) -> Known:
        """Returns an order that can be worked on. Raises UnknownOrder."""
        order = self._orders.get(order_id)
        if order is None or order.request is None or order.package is None:
            raise UnknownOrder(order_id)
        return Known(order.request, order.package, order)

    async def begin(self, order_id: str) -> None:
        """The candidate begins. Raises UnknownOrder, Cancelled, BrokerUnavailable."""
        known = self._open(order_id)
        if known.order.began_at is None and known.order.result is None:
            now = self._clock()
            await self._publish([self._began(known, now)])
            log.info("test begun", order_id=order_id)

    async def finish(self, order_id: str, answers: scoring.Answers) -> None:
        """The candidate hands in. Raises Unanswered, UnknownOrder, Cancelled, BrokerUnavailable."""
        known = self._open(order_id)
        chosen = scoring.check(known.package, answers)
        if known.order.result is None:
            await self._publish(self._result(known, chosen))
            log.info("test finished", order_id=order_id)

    async def decline(self, order_id: str) -> None:
        """The candidate does not want to. Raises UnknownOrder, Cancelled, BrokerUnavailable."""
        known = self._open(order_id)
        if known.order.result is None:
            now = self._clock()
            result = scoring.declined(known.package, at=now)
            await self._publish([_update(known.request, Stage.FAILED, now, result=result)])
            log.info("test declined", order_id=order_id)

    def _open(self, order_id: str) -> Known:
        known = self.find(order_id)
        if known.order.cancelled:
            raise Cancelled(order_id)
        return known

    async def _publish(self, updates: Sequence[Event[AssessmentUpdated]]) -> None:
        if updates:
            await self._publisher.publish(ENGINES_UPDATES, updates)
        for (
            update
        ) in updates:  # the view will read them back; the next click should not have to wait for that
            self._orders.apply(update)

    def _due(self, order_id: str) -> list[Event[AssessmentUpdated]]:
        try:
            known = self._open(order_id)
        except (UnknownOrder, Cancelled):
            return []
        due = []
        if not known.order.launched:
            url = self._links.test(order_id)
            due.append(_update(known.request, Stage.LAUNCH, self._clock(), launch_url=url))
        if self._autopilot and known.order.result is None:
            answers = scoring.autopilot_answers(known.package, order_id)
            due.extend(self._result(known, scoring.check(known.package, answers)))
        return due

    def _began(self, known: Known, at: datetime) -> Event[AssessmentUpdated]:
        return _update(known.request, Stage.PROGRESS, at, result=scoring.started(known.package, at=at))

    def _result(self, known: Known, chosen: dict[str, int]) -> list[Event[AssessmentUpdated]]:
        """A test handed in without having begun (autopilot, a form kept open) begins now."""
        now, updates = self._clock(), []
        if known.order.began_at is None:
            updates.append(self._began(known, now))
        result = scoring.finished(
            known.package,
            chosen,
            began_at=known.order.began_at or now,
            at=now,
            attachments=self._attachments(known),
        )
        return [*updates, _update(known.request, Stage.COMPLETED, now, result=result)]

    def _attachments(self, known: Known) -> tuple[Attachment, ...]:
        """SmartRecruiters takes no uploads for inline orders (SPEC §5.2): there the report stays a link."""
        order_id = known.request.order_id
        report = Attachment(
            type=AttachmentType.PDF_URL,
            url=self._links.report(order_id),
            delivery="link" if known.request.kind is OrderKind.INLINE else "upload",
            file_name="report.pdf",
            content_type="application/pdf",
        )
        if known.package.type is not PackageType.VIDEO_INTERVIEW:
            return (report,)
        return (report, Attachment(type=AttachmentType.VIDEO_URL, url=self._links.recording(order_id)))


def _update(
    request: AssessmentRequested,
    stage: Stage,
    at: datetime,
    *,
    launch_url: str | None = None,
    result: PackageResult | None = None,
) -> Event[AssessmentUpdated]:
    data = AssessmentUpdated(
        order_id=request.order_id,
        company_id=request.company_id,
        stage=stage,
        occurred_at=at,
        launch_url=launch_url,
        result=result,
    )
    return Event(
        id=event_id(AssessmentUpdated.TYPE, SOURCE, request.order_id, stage),
        source=SOURCE,
        time=at,
        data=data,
    )
