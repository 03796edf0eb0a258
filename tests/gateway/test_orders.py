"""Reading orders and their addresses, without anything outside."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from contracts import codec
from contracts.envelope import Event, event_id
from contracts.smartrecruiters.callback import order_id_of
from contracts.topics import GATEWAY_ORDERS
from gateway.domain.orders import Order, Record, personal, placed, read_order, recorded
from gateway.errors import InvalidRequest
from gateway.service.addresses import CallbackAddresses, ReturnAddresses
from hypothesis import example, given
from hypothesis import strategies as st
from runtime.candidate_keys.jwe import CandidateKey
from runtime.candidate_keys.person import Person
from runtime.fencing import Fence, ForbiddenUrl

from tests.gateway.support.world import callback, inline_order, standard_order

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
FENCE = Fence(["api.smartrecruiters.com", "*.smartrecruiters.com"])
SPEC_STANDARD = b"""{
"resultCallbackURL": "string",
"candidate": {
"id": "string",
"email": "string",
"firstName": "string",
"lastName": "string",
"applicationLanguage": "string"
},
"requester": {
"userId": "string",
"email": "string"
},
"assessmentPackageId": "string",
"jobId": "string",
"companyId": "string"
}"""
SPEC_INLINE = b"""{
"resultCallbackURL": "string",
"candidate": {
"email": "string",
"firstName": "string",
"lastName": "string",
"applicationLanguage": "string"
},
"assessmentPackageId": "string",
"jobId": "string",
"companyId": "string",
"completedAssessmentCallbackUrl": "string"
}"""


def test_spec_payloads_word_for_word() -> None:
    assert json.loads(read_order(SPEC_STANDARD, inline_only=False).to_json()) == json.loads(SPEC_STANDARD)
    for inline_only in (True, False):
        assert json.loads(read_order(SPEC_INLINE, inline_only=inline_only).to_json()) == json.loads(
            SPEC_INLINE
        )


WORD = st.text(alphabet="abcdefXYZ0189-_", min_size=1, max_size=40)


@given(WORD, st.lists(WORD, max_size=3))
def test_the_short_way_to_an_order_id_is_the_long_one(order_id: str, path: list[str]) -> None:
    url = "/".join(["https://api.smartrecruiters.com", *path, "orders", order_id, "results"])
    addresses = CallbackAddresses(FENCE)
    first = addresses.read(url)
    assert first == addresses.read(url) == order_id_of(url) == order_id


@given(st.text(max_size=80), st.sampled_from(["", "/orders/1/results"]))
@example("https://evil.example", "/orders/1/results")
@example("https://api.smartrecruiters.com@evil.example", "/orders/1/results")
@example("https://api.smartrecruiters.com:444", "/orders/1/results")
@example("http://api.smartrecruiters.com", "/orders/1/results")
@example("https://API.smartrecruiters.com", "/orders/1/results")
def test_no_address_gets_past_the_fence_by_the_short_way(start: str, end: str) -> None:
    addresses = CallbackAddresses(FENCE)
    _ = addresses.read(callback("1"))
    for url in (start + end, f"https://{start}{end}"):
        for _again in range(2):
            try:
                _ = addresses.read(url)
            except ValueError:
                continue
            FENCE.check(url)


@given(st.text(max_size=60))
@example("https://a.example@b.example/")
@example("https:///x")
@example("https://a.example\\@b.example")
def test_a_way_back_is_a_plain_https_address(text: str) -> None:
    returns = ReturnAddresses(fence=FENCE, everywhere=True)
    for url in (text, f"https://a.example/{text}"):
        if returns.refusal(url) is None:
            assert url.startswith("https://")
            assert url.isascii()
            assert url.isprintable()
            assert "@" not in url.split("/")[2]


def test_ways_back_can_be_fenced() -> None:
    returns = ReturnAddresses(fence=FENCE, everywhere=False)
    assert returns.refusal("https://jobs.smartrecruiters.com/x#y") is None
    assert returns.refusal("https://careers.example/") == "the host is not an allowed one"
    with pytest.raises(ForbiddenUrl):
        FENCE.check("https://careers.example/")


KEY = CandidateKey("k", bytes(32))


def record_of(order: Order) -> Record:
    sealed = KEY.seal(personal(order))
    data = placed(order, order_id="o1", return_url=None, received_at=NOW, sealed=sealed)
    return recorded(data, traceparent=None)


def event_of(order: dict[str, Any]) -> Event[Any]:
    read = read_order(json.dumps(order).encode(), inline_only=False)
    record = record_of(read)
    event: Event[Any] = codec.decode(record.value, record.headers)
    assert (record.order_id, record.event_id) == (event.subject, str(event.id))
    assert record.key == GATEWAY_ORDERS.key(event)
    assert json.loads(record.value) == json.loads(codec.encode(event)[0])
    return event


def test_a_repeat_has_the_same_event_id_whenever_it_comes() -> None:
    first = event_of(standard_order("o1"))
    assert first.id == event_of(standard_order("o1", jobId="another")).id
    assert first.id == event_id("order.placed", "acme", "o1")
    assert first.id != event_of(standard_order("o1", companyId="globex")).id


def test_what_nobody_knows_is_kept() -> None:
    order = standard_order("o1", extra=[1, {"a": None}], job={"id": "j", "title": "t"})
    order["candidate"]["phone"] = "1"
    order["requester"]["role"] = "boss"
    event = event_of(order)
    assert event.data.unknown_fields == {}
    assert event.data.candidate.model_dump(exclude_none=True).keys() == {"sealed"}
    assert Person.of_plain(KEY.open(event.data.candidate.sealed)).unknown_fields == {
        "extra": [1, {"a": None}],
        "candidate": {"phone": "1"},
        "job": {"title": "t"},
        "requester": {"role": "boss"},
    }


@given(st.binary(max_size=200))
def test_whatever_is_posted_is_an_order_or_names_what_is_wrong(body: bytes) -> None:
    for inline_only in (True, False):
        with pytest.raises(InvalidRequest) as wrong:
            _ = read_order(body, inline_only=inline_only)
        assert wrong.value.faults


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(max_size=6), part, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(standard_order())), JSON, st.booleans())
def test_any_value_of_any_field_is_taken_or_named(name: str, value: Any, inline: bool) -> None:  # noqa: FBT001
    order = (inline_order if inline else standard_order)("o1") | {name: value}
    try:
        read = read_order(json.dumps(order).encode(), inline_only=inline)
        record = record_of(read)
    except InvalidRequest as wrong:
        faults = wrong.faults
    else:
        faults = ()
        # What is written without the event's model is what the model would write.
        event = codec.decode(record.value, record.headers)
        assert json.loads(codec.encode(event)[0]) == json.loads(record.value)
    assert {fault.field.split(".")[0] for fault in faults} <= {name, "candidate", "jobId"}


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-0", b"1e400", b"9" * 5000, b"0.1" + b"1" * 5000])
def test_odd_numbers_where_nobody_looks(value: bytes) -> None:
    body = json.dumps(standard_order("o1")).encode()[:-1] + b',"x":' + value + b"}"
    try:
        record = record_of(read_order(body, inline_only=False))
    except InvalidRequest as wrong:
        assert wrong.faults  # noqa: PT017 - either is fine, an unforeseen error is not
    else:
        assert codec.decode(record.value, record.headers).data.order_id == "o1"
