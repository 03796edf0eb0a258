"""The gateway's rules, without anything outside."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts import codec
from contracts.envelope import Event, event_id
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from contracts.smartrecruiters.callback import order_id_of
from gateway.domain.breaker import Breaker, State
from gateway.domain.catalogue import Catalogue, Viewer
from gateway.domain.connections import Connections, Standing
from gateway.domain.handoff import Handoff, HandoffLinks
from gateway.domain.orders import placed, read_order
from gateway.domain.principal import Principal
from gateway.domain.token_requests import read_token_request
from gateway.domain.tokens import UnknownKey, parse_keys, verify
from gateway.errors import InvalidLink, InvalidRequest, TokenRequestRefused, Unauthenticated
from gateway.service.addresses import CallbackAddresses, ReturnAddresses
from hypothesis import example, given
from hypothesis import strategies as st
from runtime.fencing import Fence, ForbiddenUrl

from tests.gateway.support.credentials import FakeCredentials
from tests.gateway.support.world import ISSUER, callback, inline_order, package, standard_order

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CREDENTIALS = FakeCredentials(issuer=ISSUER)
KEYS = parse_keys({"keys": [key.as_dict(private=False) for key in CREDENTIALS.keys]})
TOKEN = CREDENTIALS.sign()
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


@given(st.text(max_size=200) | st.text(alphabet="abcXYZ019-_.=", max_size=200))
@example("..")
@example("e30.e30.e30")
@example(TOKEN + "A")
@example(TOKEN.replace(".", "..", 1))
def test_whatever_comes_is_a_principal_or_a_refusal(text: str) -> None:
    with pytest.raises((Unauthenticated, UnknownKey)):
        _ = verify(text, keys=KEYS, issuer=ISSUER, now=NOW.timestamp())


@given(st.integers(min_value=0, max_value=len(TOKEN) - 1), st.sampled_from("ABCDEFGHabcdefgh0123456789-_."))
def test_no_character_of_a_token_may_change(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    now = datetime.now(UTC).timestamp()
    assert verify(TOKEN, keys=KEYS, issuer=ISSUER, now=now).company_id == "acme"
    if _bytes_of(changed) != _bytes_of(TOKEN):
        with pytest.raises((Unauthenticated, UnknownKey)):
            _ = verify(changed, keys=KEYS, issuer=ISSUER, now=now)


def _bytes_of(token: str) -> list[bytes] | None:
    """The last character of a part may hold bits that mean nothing."""
    try:
        return [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in token.split(".")]
    except ValueError:
        return None


@given(
    st.recursive(
        st.none() | st.text() | st.integers(), lambda part: st.lists(part) | st.dictionaries(st.text(), part)
    )
)
def test_whatever_the_key_document_is_it_is_read(document: Any) -> None:
    assert parse_keys(document) == {}
    assert parse_keys({"keys": document}) == {}
    assert (
        parse_keys({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k", "x": document, "y": document}]}) == {}
    )


def test_a_token_lives_until_its_expiry() -> None:
    token = CREDENTIALS.sign(exp=2_000_000_000)
    assert verify(token, keys=KEYS, issuer=ISSUER, now=1_999_999_999.9).expires_at == 2_000_000_000
    with pytest.raises(Unauthenticated, match="expired"):
        _ = verify(token, keys=KEYS, issuer=ISSUER, now=2_000_000_000)


@given(
    st.binary(max_size=300),
    st.none() | st.text(max_size=80),
    st.sampled_from(["application/x-www-form-urlencoded", ""]),
)
def test_whatever_comes_to_the_token_endpoint_is_refused_in_its_form(
    body: bytes, authorization: str | None, content_type: str
) -> None:
    with pytest.raises(TokenRequestRefused) as refused:
        _ = read_token_request(content_type, body, authorization)
    assert refused.value.error in {"invalid_request", "invalid_client", "unsupported_grant_type"}
    assert refused.value.description.isprintable()
    assert refused.value.description.isascii()


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


def event_of(order: dict[str, Any], **more: Any) -> Event[Any]:
    read = read_order(json.dumps(order).encode(), inline_only=False)
    record = placed(read, order_id="o1", return_url=None, received_at=NOW, traceparent=None, **more)
    assert codec.decode(record.value, record.headers) == record.event
    return record.event


def test_a_repeat_has_the_same_event_id_whenever_it_comes() -> None:
    first = event_of(standard_order("o1"))
    assert first.id == event_of(standard_order("o1", jobId="another")).id
    assert first.id == event_id("order.placed", "acme", "o1")
    assert first.id != event_of(standard_order("o1", companyId="globex")).id


def test_what_nobody_knows_is_kept() -> None:
    order = standard_order("o1", extra=[1, {"a": None}], job={"id": "j", "title": "t"})
    order["candidate"]["phone"] = "1"
    order["requester"]["role"] = "boss"
    assert event_of(order).data.unknown_fields == {
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
        record = placed(read, order_id="o1", return_url=None, received_at=NOW, traceparent=None)
    except InvalidRequest as wrong:
        faults = wrong.faults
    else:
        faults = ()
        assert codec.decode(record.value, record.headers).data.candidate == record.event.data.candidate
    assert {fault.field.split(".")[0] for fault in faults} <= {name, "candidate", "jobId"}


@pytest.mark.parametrize("value", [b"NaN", b"Infinity", b"-0", b"1e400", b"9" * 5000, b"0.1" + b"1" * 5000])
def test_odd_numbers_where_nobody_looks(value: bytes) -> None:
    body = json.dumps(standard_order("o1")).encode()[:-1] + b',"x":' + value + b"}"
    try:
        record = placed(
            read_order(body, inline_only=False),
            order_id="o1",
            return_url=None,
            received_at=NOW,
            traceparent=None,
        )
    except InvalidRequest as wrong:
        assert wrong.faults  # noqa: PT017 - either is fine, an unforeseen error is not
    else:
        assert codec.decode(record.value, record.headers).data.order_id == "o1"


LINKS = HandoffLinks(
    keys={"a": bytes(64)[:-1] + b"1", "b": bytes(64)}, public_url="https://bridge.example/base/"
)


@given(st.text(), st.text(), st.text())
def test_a_link_tells_what_was_put_in_and_is_the_same_each_time(order: str, company: str, url: str) -> None:
    handoff = Handoff(order, company, url)
    token = LINKS.token(handoff)
    assert LINKS.read(token) == handoff
    assert LINKS.token(handoff) == token
    assert LINKS.url(token) == f"https://bridge.example/base/t/{token}"


@given(st.text(max_size=80))
@example("a.")
@example("b.AAAAAAAAAAAAAAAAAAAAAA")
def test_no_other_link_is_read(text: str) -> None:
    for token in (text, f"a.{text}"):
        with pytest.raises(InvalidLink):
            _ = LINKS.read(token)


def test_links_of_an_older_key_are_read_and_a_dropped_ones_are_not() -> None:
    handoff = Handoff("o", "c", "https://x.example")
    old = HandoffLinks(keys={"b": bytes(64)}, public_url="https://bridge.example").token(handoff)
    assert LINKS.read(old) == handoff
    with pytest.raises(InvalidLink):
        _ = HandoffLinks(keys={"c": bytes(64)}, public_url="https://bridge.example").read(old)


def principal(version: int = 1, company_id: str = "acme", client_id: str = "client-acme") -> Principal:
    return Principal(company_id, client_id, version, frozenset(), 0, 10**10)


def said(kind: Any, *versions: int, after: float = 0, client_id: str = "client-acme") -> Event[Any]:
    data = kind(
        company_id="acme",
        client_id=client_id,
        credential_versions=versions,
        changed_at=NOW + timedelta(seconds=after),
    )
    return Event(id=uuid4(), source="t", time=NOW, data=data)


def test_standing_follows_the_events() -> None:
    view = Connections()
    assert view.standing(principal()) is Standing.UNHEARD
    view.apply(b"acme", said(IntegrationConnected, 1))
    assert view.standing(principal()) is Standing.GOOD
    assert view.standing(principal(client_id="other")) is Standing.REVOKED
    assert view.standing(principal(2)) is Standing.UNHEARD
    view.apply(b"acme", said(IntegrationRotated, 2, after=1))
    assert view.standing(principal(1)) is Standing.REVOKED
    assert view.standing(principal(2)) is Standing.GOOD
    view.apply(b"acme", said(IntegrationDisabled, after=2))
    assert view.standing(principal(2)) is Standing.DISABLED
    assert view.standing(principal(3)) is Standing.UNHEARD
    view.apply(b"acme", None)
    assert view.standing(principal(2)) is Standing.UNHEARD


def test_reading_the_topic_again_revives_nothing() -> None:
    view = Connections()
    events = [said(IntegrationConnected, 1), said(IntegrationDisabled, after=1)]
    for event in [*events, *events]:
        view.apply(b"acme", event)
        assert view.standing(principal()) is not Standing.GOOD or event is events[0]
    view.apply(b"acme", events[0])
    assert view.standing(principal()) is Standing.DISABLED


def test_what_was_ended_here_stays_ended_until_something_newer() -> None:
    view = Connections()
    view.apply(b"acme", said(IntegrationConnected, 1))
    view.disable("acme")
    view.disable("nobody")
    view.apply(b"acme", said(IntegrationConnected, 1))
    assert view.standing(principal()) is Standing.DISABLED
    view.apply(b"acme", said(IntegrationConnected, 2, after=1))
    assert view.standing(principal(2)) is Standing.GOOD


def test_a_companys_own_package_hides_everybodys() -> None:
    catalogue = Catalogue()
    for company in ("*", "acme"):
        data = package("p", company_id=company, name=company)
        catalogue.apply(data.subject().encode(), Event(id=uuid4(), source="t", time=NOW, data=data))
    names = [
        [offer.package.name for offer in catalogue.visible(company, Viewer())]
        for company in ("acme", "x", "*")
    ]
    assert names == [["acme"], ["*"], ["*"]]
    catalogue.apply(b"acme/p", None)
    catalogue.apply(b"never/there", None)
    assert [offer.package.name for offer in catalogue.visible("acme", Viewer())] == ["*"]


def test_the_breaker_lets_one_try_after_a_probe() -> None:
    breaker = Breaker()
    assert breaker.admit()
    breaker.failed()
    assert not breaker.admit()
    breaker.answered()
    assert [breaker.admit(), breaker.admit()] == [True, False]
    breaker.abandoned()
    assert breaker.admit()
    breaker.failed()
    breaker.answered()
    assert breaker.admit()
    breaker.succeeded()
    breaker.answered()
    assert breaker.state is State.CLOSED
