"""Bytes and events: what goes out comes back, and what is broken is refused with its cause."""

import json
from typing import Any
from uuid import UUID, uuid4

import pytest
from contracts import codec
from contracts.envelope import Event, EventData, event_id
from contracts.errors import ContractError, InvalidEvent, UnknownEvent
from contracts.events import EVENTS, AssessmentUpdated
from contracts.events.assessment import Stage
from contracts.topics import TOPICS
from contracts.types import ResultStatus
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contracts.strategies import DATA, events, updates

each_event = pytest.mark.parametrize("model", EVENTS, ids=[model.TYPE for model in EVENTS])
some = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def structured(event: Event[Any]) -> bytes:
    value, headers = codec.encode(event)
    attributes = {name.removeprefix("ce_"): raw.decode() for name, raw in headers if name.startswith("ce_")}
    return json.dumps({**attributes, "data": json.loads(value), "traceparent": event.traceparent}).encode()


@each_event
@some
@given(data=st.data())
def test_what_goes_out_comes_back(model: type[EventData], data: st.DataObject) -> None:
    event = data.draw(events(model))
    value, headers = codec.encode(event)
    assert codec.decode(value, headers) == event
    assert dict(headers)["ce_dataschema"].decode() == f"{model.TYPE}.v{model.VERSION}"


@each_event
@some
@given(data=st.data())
def test_structured_mode_says_the_same(model: type[EventData], data: st.DataObject) -> None:
    event = data.draw(events(model))
    mode = [("Content-Type", b"application/cloudevents+json; charset=UTF-8")]
    assert codec.decode(structured(event), mode) == event


@each_event
@some
@given(data=st.data())
def test_a_newer_producers_fields_are_ignored(model: type[EventData], data: st.DataObject) -> None:
    event = data.draw(events(model))
    value, headers = codec.encode(event)
    newer = json.dumps({**json.loads(value), "a_field_of_tomorrow": {"x": 1}}).encode()
    assert codec.decode(newer, headers) == event


@each_event
@some
@given(data=st.data())
def test_the_key_is_the_subject_in_the_one_topic_it_belongs_to(
    model: type[EventData], data: st.DataObject
) -> None:
    event = data.draw(events(model))
    for topic in TOPICS:
        if model in topic.events:
            assert topic.key(event) == dict(codec.encode(event)[1])["ce_subject"]
        else:
            with pytest.raises(TypeError):
                topic.key(event)


@given(st.none() | st.binary(max_size=200), st.lists(st.tuples(st.text(max_size=20), st.binary(max_size=20))))
def test_no_bytes_whatever_raise_anything_else(value: bytes | None, headers: list[tuple[str, bytes]]) -> None:
    with pytest.raises(ContractError):
        codec.decode(value, headers)
    with pytest.raises(ContractError):
        codec.decode(value, [*headers, ("content-type", b"application/cloudevents+json")])


@pytest.mark.parametrize(
    "value",
    [
        b"[" * 100_000,
        b'{"specversion": "1.0", "data": ' + b"[" * 100_000,
        b'{"specversion": "1.0", "data": ' + b"[" * 900 + b"]" * 900 + b"}",
        b"1" * 5000,
        b'{"id": "\\ud800", "source": "a", SAME}',
        b'{"source": "\\ud800", "id": "a", SAME}',
    ],
)
def test_a_structured_event_nobody_can_read(value: bytes) -> None:
    same: dict[str, Any] = {name.removeprefix("ce_"): text.decode() for name, text in GOOD.items()}
    same = {name: text for name, text in same.items() if name not in {"id", "source"}} | {"data": BODY}
    value = value.replace(b"SAME", json.dumps(same).encode()[1:-1])
    with pytest.raises(ContractError):
        codec.decode(value, [("content-type", b"application/cloudevents+json")])


GOOD = {
    "ce_specversion": b"1.0",
    "ce_id": b"1b4e28ba-2fa1-11d2-883f-0016d3cca427",
    "ce_type": b"assessment.updated",
    "ce_source": b"engines/skills",
    "ce_time": b"2026-01-05T09:00:00Z",
    "content-type": b"application/json",
}
BODY = {
    "order_id": "o-1",
    "company_id": "acme",
    "stage": "launch",
    "occurred_at": "2026-01-05T09:00:00Z",
    "launch_url": "https://engine.example.com/tests/1",
}


def decode(changes: dict[str, bytes | None], body: Any = None) -> Event[Any]:
    headers = [(name, raw) for name, raw in (GOOD | changes).items() if raw is not None]
    return codec.decode(json.dumps(BODY if body is None else body).encode(), headers)


def test_dataschema_and_subject_may_be_left_out() -> None:
    event = decode({})
    assert isinstance(event.data, AssessmentUpdated)
    assert event.subject == "o-1"


def test_headers_are_read_in_any_case() -> None:
    headers = [(name.upper(), raw) for name, raw in GOOD.items()]
    assert codec.decode(json.dumps(BODY).encode(), headers) == decode({})


@pytest.mark.parametrize(
    ("changes", "error", "says"),
    [
        ({"ce_specversion": None}, InvalidEvent, "ce_specversion is missing"),
        ({"ce_specversion": b"0.3"}, InvalidEvent, "ce_specversion is not 1.0"),
        ({"ce_id": None}, InvalidEvent, "ce_id is missing"),
        ({"ce_id": b""}, InvalidEvent, "ce_id is missing"),
        ({"ce_type": None}, InvalidEvent, "ce_type is missing"),
        ({"ce_source": None}, InvalidEvent, "ce_source is missing"),
        ({"ce_time": None}, InvalidEvent, "ce_time is missing"),
        ({"ce_time": b"2026-01-05T09:00:00"}, InvalidEvent, "ce_time is not an RFC 3339 time"),
        ({"ce_time": b"yesterday"}, InvalidEvent, "ce_time is not an RFC 3339 time"),
        ({"ce_source": b"\xff"}, InvalidEvent, "not UTF-8"),
        ({"ce_type": b"assessment.dreamt"}, UnknownEvent, "no event assessment.dreamt"),
        ({"ce_dataschema": b"assessment.updated.v9"}, UnknownEvent, "assessment.updated.v9"),
        ({"ce_dataschema": b"order.placed.v1"}, UnknownEvent, "order.placed.v1"),
    ],
)
def test_broken_headers(changes: dict[str, bytes | None], error: type[ContractError], says: str) -> None:
    with pytest.raises(error, match=says):
        decode(changes)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"order_id": None}, "order_id"),
        ({"order_id": "../x"}, "order_id"),
        ({"stage": "dreaming"}, "stage"),
        ({"occurred_at": "2026-01-05T09:00:00"}, "occurred_at"),
        ({"launch_url": None}, "stage launch needs launch_url"),
        ({"launch_url": "javascript:alert(1)"}, "launch_url"),
        ({"result": {"status": "COMPLETED"}}, "does not fit stage launch"),
        ({"result": {"score": {"raw": 5, "min": 0, "max": 4}}}, "min <= raw <= max"),
        ({"result": {"score": {"raw": 1.0, "min": 0, "max": 4}}}, "result.score.raw"),
        ({"result": {"score": {"raw": "1", "min": 0, "max": 4}}}, "result.score.raw"),
        ({"result": {"score": {"raw": 2**63, "min": 0, "max": 2**63}}}, "result.score.raw"),
        ({"result": {"assessments": [{"assessment_id": "a"}, {"assessment_id": "a"}]}}, "stands twice"),
    ],
)
def test_broken_data_is_told_by_field(changes: dict[str, Any], says: str) -> None:
    body = {name: value for name, value in (BODY | changes).items() if value is not None}
    with pytest.raises(InvalidEvent, match=says):
        decode({}, body)


def test_no_value_of_a_person_stands_in_the_reason() -> None:
    model = next(iter(DATA))
    body = {"candidate": {"email": ["alex@example.com"], "first_name": 7}}
    with pytest.raises(InvalidEvent) as caught:
        decode({"ce_type": model.TYPE.encode()}, body)
    assert "candidate.email" in str(caught.value)
    assert "alex" not in str(caught.value)


def test_an_id_that_is_no_uuid_is_the_same_one_each_time_and_its_sources_own() -> None:
    first, again = decode({"ce_id": b"order-1/launch"}), decode({"ce_id": b"order-1/launch"})
    other = decode({"ce_id": b"order-1/launch", "ce_source": b"engines/other"})
    assert first.id == again.id != other.id


def test_a_repeated_event_has_the_same_id() -> None:
    assert event_id("order.placed", "o-1") == event_id("order.placed", "o-1")
    assert event_id("a", "b", "c") != event_id("a", "bc")
    assert isinstance(event_id("a"), UUID)
    assert event_id("a") != uuid4()


@given(updates())
def test_a_stage_always_has_its_status(update: AssessmentUpdated) -> None:
    match update.stage:
        case Stage.LAUNCH:
            assert update.status() is None
        case Stage.PROGRESS:
            assert update.status() in {ResultStatus.IN_PROGRESS, ResultStatus.PENDING}
        case Stage.COMPLETED:
            assert update.status() is ResultStatus.COMPLETED
        case Stage.FAILED:
            assert update.status() in {ResultStatus.REJECTED, ResultStatus.EXPIRED}
