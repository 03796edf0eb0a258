"""Bytes <-> event: CloudEvents 1.0 Kafka binding, binary mode out, binary and structured mode in."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid5

from pydantic import TypeAdapter, ValidationError

from contracts.envelope import NAMESPACE, Event, EventData
from contracts.errors import InvalidEvent, UnknownEvent
from contracts.events import BY_SCHEMA
from contracts.types import Timestamp

Headers = list[tuple[str, bytes]]

_STRUCTURED = "application/cloudevents+json"
# What is the same for every event of a type: made once.
_TYPE_AND_SCHEMA = {
    model: (("ce_type", model.TYPE.encode()), ("ce_dataschema", schema.encode()))
    for schema, model in BY_SCHEMA.items()
}
_SPECVERSION = ("ce_specversion", b"1.0")
_CONTENT_TYPE = ("content-type", b"application/json")
_OBJECT: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, Any])
_DATA: TypeAdapter[Any] = TypeAdapter(Any)
_TIME: TypeAdapter[datetime] = TypeAdapter(Timestamp)


def encode(event: Event[Any]) -> tuple[bytes, Headers]:
    """Returns an event's value and headers, binary mode."""
    headers = head(
        type(event.data),
        identity=str(event.id),
        source=event.source,
        time=event.time.astimezone(UTC).isoformat(),
        subject=event.subject,
        traceparent=event.traceparent,
    )
    return event.data.__pydantic_serializer__.to_json(event.data, exclude_none=True), headers


def head(
    model: type[EventData], *, identity: str, source: str, time: str, subject: str, traceparent: str | None
) -> Headers:
    """Returns the headers of an event of this model; `identity` is a UUID, `time` RFC 3339 in UTC."""
    kind, schema = _TYPE_AND_SCHEMA[model]
    headers = [
        _SPECVERSION,
        ("ce_id", identity.encode()),
        kind,
        ("ce_source", source.encode()),
        ("ce_time", time.encode()),
        ("ce_subject", subject.encode()),
        schema,
        _CONTENT_TYPE,
    ]
    if traceparent:
        headers.append(("traceparent", traceparent.encode()))
    return headers


def decode(value: bytes | None, headers: Iterable[tuple[str, bytes]]) -> Event[Any]:
    """Returns the event in a record.

    Raises UnknownEvent for a type or version not in the registry, InvalidEvent for anything else.
    """
    if value is None:
        raise InvalidEvent("the record has no value")
    attributes = _attributes(headers)
    if attributes.get("content-type", "").split(";")[0].strip() == _STRUCTURED:
        return _decode_structured(value, attributes)
    given = {name.removeprefix("ce_"): text for name, text in attributes.items() if name.startswith("ce_")}
    return _event(given, attributes.get("traceparent"), value)


def _attributes(headers: Iterable[tuple[str, bytes]]) -> dict[str, str]:
    try:
        return {name.lower(): raw.decode() for name, raw in headers}
    except (UnicodeDecodeError, AttributeError) as error:
        raise InvalidEvent("a header is not UTF-8 text") from error


def _decode_structured(value: bytes, attributes: dict[str, str]) -> Event[Any]:
    try:
        # Not json's: its depth is bounded by the stack alone, and half a surrogate pair is text to it.
        whole = _OBJECT.validate_json(value)
    except ValidationError as error:
        raise InvalidEvent("a structured event is a JSON object") from error
    given = {name: text for name, text in whole.items() if isinstance(text, str)}
    traceparent = given.get("traceparent", attributes.get("traceparent"))
    return _event(given, traceparent, _DATA.dump_json(whole.get("data")))


def _event(given: dict[str, str], traceparent: str | None, value: bytes) -> Event[Any]:
    for name in ("id", "type", "source", "time", "specversion"):
        if not given.get(name):
            raise InvalidEvent(f"ce_{name} is missing")
    if given["specversion"] != "1.0":
        raise InvalidEvent("ce_specversion is not 1.0")
    schema = given.get("dataschema") or f"{given['type']}.v1"
    model = BY_SCHEMA.get(schema)
    if model is None or given["type"] != model.TYPE:
        raise UnknownEvent(f"no event {given['type']} with schema {schema} is known")
    try:
        time = _TIME.validate_python(given["time"])
    except ValueError as error:
        raise InvalidEvent("ce_time is not an RFC 3339 time with its zone") from error
    try:
        data = model.model_validate_json(value)
    except ValidationError as error:
        raise InvalidEvent(f"{schema}: {explain(error)}") from error
    return Event(id=_identity(given), source=given["source"], time=time, data=data, traceparent=traceparent)


def _identity(given: dict[str, str]) -> UUID:
    """CloudEvents lets an id be any text, unique within its source: what is no UUID becomes one."""
    try:
        return UUID(given["id"])
    except ValueError:
        return uuid5(NAMESPACE, f"{given['source']}\x1f{given['id']}")


def explain(error: ValidationError) -> str:
    """Returns which fields are wrong and how, without their values: they may be personal."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    return "; ".join(f"{'.'.join(map(str, fault['loc'])) or 'value'}: {fault['msg']}" for fault in faults)
