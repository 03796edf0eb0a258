"""Rows to domain objects and back."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import asyncpg
from contracts.envelope import Event
from contracts.events.assessment import AssessmentUpdated, PackageResult
from contracts.events.order import OrderKind
from contracts.events.result import DeliveryKind
from contracts.types import AttachmentType, ResultStatus

from results_publisher.domain import events
from results_publisher.domain.delivery import Delivery, Order, UploadedFile
from results_publisher.domain.document import Document
from results_publisher.domain.ingestion import Incoming


def columns(rows: Sequence[tuple[Any, ...]]) -> list[list[Any]]:
    """Returns rows as the arrays that unnest takes. There must be at least one."""
    return [list(column) for column in zip(*rows, strict=True)]


def read_status(value: str | None) -> ResultStatus | None:
    """Returns the result's status."""
    return ResultStatus(value) if value is not None else None


def read_document(row: asyncpg.Record) -> Document:
    """From order_id, document, status, changed_at."""
    return Document(
        result=PackageResult.model_validate_json(row["document"]),
        status=read_status(row["status"]),
        changed_at=row["changed_at"],
    )


def read_incoming(row: asyncpg.Record) -> Incoming:
    """From a waiting update."""
    return Incoming(
        event_id=row["event_id"],
        update=AssessmentUpdated.model_validate_json(row["update"]),
        traceparent=row["traceparent"],
    )


def read_delivery(row: asyncpg.Record) -> Delivery:
    """From a claimed delivery and its order."""
    return Delivery(
        delivery_id=row["delivery_id"],
        order=Order(row["order_id"], row["company_id"], OrderKind(row["order_kind"]), row["callback_url"]),
        kind=DeliveryKind(row["kind"]),
        body=row["body"],
        result_status=read_status(row["result_status"]),
        attempts=row["attempts"],
        tries=row["tries"],
        previous_http_status=row["http_status"],
        uploaded=tuple(
            UploadedFile(AttachmentType(one["type"]), one["url"]) for one in json.loads(row["uploaded"])
        ),
        traceparent=row["traceparent"],
    )


def held_event(row: asyncpg.Record, now: datetime) -> Event[Any]:
    """From a delivery that has just been held."""
    return events.held(
        delivery_id=row["delivery_id"],
        order_id=row["order_id"],
        company_id=row["company_id"],
        kind=DeliveryKind(row["kind"]),
        status=read_status(row["result_status"]),
        attempts=row["attempts"],
        traceparent=row["traceparent"],
        now=now,
    )


def rejected_event(row: asyncpg.Record, now: datetime) -> Event[Any]:
    """From a delivery that has just been given up."""
    return events.rejected(
        delivery_id=row["delivery_id"],
        order_id=row["order_id"],
        company_id=row["company_id"],
        kind=DeliveryKind(row["kind"]),
        status=read_status(row["result_status"]),
        attempts=row["attempts"],
        http_status=row["http_status"],
        reason=row["reason"],
        traceparent=row["traceparent"],
        # Without an attempt in between it may be given up twice: told in the transaction, so never repeated.
        again=now.isoformat(),
        now=now,
    )
