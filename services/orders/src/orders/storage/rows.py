"""Rows <-> domain objects."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from contracts.events.order import OrderKind, OrderPlaced

from orders.domain.enrichment import Resource, Work
from orders.domain.order import Order, Publication
from orders.domain.states import State
from orders.domain.timeline import Entry, Kind

COLUMNS = (
    "order_id, company_id, kind, package_id, job_id, sealed, state, publication, "
    "placed_at, requested_at, answered_at, late_since, finished_at, erased_at"
)


def to_order(row: asyncpg.Record) -> Order:
    """Returns the order in a row with COLUMNS."""
    columns = dict(row)
    return Order(
        **{
            **columns,
            "kind": OrderKind(columns["kind"]),
            "state": State(columns["state"]),
            "publication": Publication(columns["publication"]),
        }
    )


def from_order(order: Order) -> Sequence[Any]:
    """Returns the values of COLUMNS."""
    return tuple(getattr(order, name.strip()) for name in COLUMNS.split(","))


def to_entry(row: asyncpg.Record) -> Entry:
    """Returns the timeline entry in a row with at, kind, facts."""
    return Entry(row["at"], Kind(row["kind"]), json.loads(row["facts"]))


def from_work(work: Work) -> bytes:
    """Returns the work, its candidate sealed, as bytes: texts of strangers may hold what jsonb refuses."""
    return json.dumps(
        {
            "placed": work.placed.model_dump(mode="json"),
            "give_up_at": work.give_up_at.isoformat(),
            "wanted": sorted(work.wanted),
            "reason": work.reason,
            "traceparent": work.traceparent,
            "found": work.found,
            "missing": work.missing,
            "bound": work.bound,
        }
    ).encode()


def to_work(row: asyncpg.Record) -> Work:
    """Returns the work in a row with work, attempts."""
    whole = json.loads(row["work"])
    return Work(
        placed=OrderPlaced.model_validate(whole["placed"]),
        give_up_at=datetime.fromisoformat(whole["give_up_at"]),
        wanted=frozenset(map(Resource, whole["wanted"])),
        attempts=row["attempts"],
        reason=whole["reason"],
        traceparent=whole["traceparent"],
        found={Resource(name): body for name, body in whole["found"].items()},
        missing={Resource(name): why for name, why in whole["missing"].items()},
        bound=whole.get("bound", False),
    )
