"""Hand-off links, connections, catalogue and breaker, without anything outside."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from contracts.envelope import Event
from contracts.events.integration import IntegrationConnected, IntegrationDisabled, IntegrationRotated
from gateway.domain.breaker import Breaker, State
from gateway.domain.catalogue import Catalogue, Viewer
from gateway.domain.connections import Connections, Standing
from gateway.domain.handoff import Handoff, HandoffLinks
from gateway.domain.principal import Principal
from gateway.errors import InvalidLink
from hypothesis import example, given
from hypothesis import strategies as st

from tests.gateway.support.world import package

NOW = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
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
    return Principal(company_id, client_id, "jti", version, frozenset(), 0, 10**10)


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
