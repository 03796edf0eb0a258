"""Where a request comes from: nobody can write himself another address."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request
from gateway.http.server.client_address import ClientAddresses
from hypothesis import example, given
from hypothesis import strategies as st
from multidict import CIMultiDict

PROXIES = ["10.0.0.0/8", "fd00::/8"]


def seen(peer: str | None, *forwarded: str, trusted: list[str] | None = None) -> str:
    headers = CIMultiDict([("X-Forwarded-For", one) for one in forwarded])
    request = make_mocked_request("POST", "/oauth/token", headers=headers)
    return ClientAddresses(PROXIES if trusted is None else trusted).of(request.clone(remote=peer or ""))


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("203.0.113.7", [], "203.0.113.7"),
        ("203.0.113.7", ["198.51.100.1"], "203.0.113.7"),
        ("10.1.1.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.1.1.1", ["1.1.1.1", "198.51.100.1, 10.2.2.2"], "198.51.100.1"),
        ("10.1.1.1", ["10.9.9.9, 10.2.2.2"], "10.9.9.9"),
        ("10.1.1.1", ["198.51.100.1:4711"], "198.51.100.1"),
        ("10.1.1.1", ["nonsense"], "10.1.1.1"),
        ("10.1.1.1", ["198.51.100.1, nonsense, 10.2.2.2"], "10.2.2.2"),
        ("10.1.1.1", [""], "10.1.1.1"),
        ("fd00::1", ["[2001:db8:1:2:3:4:5:6]:443"], "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", [], "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", [], "203.0.113.7"),
        (None, ["198.51.100.1"], "unknown"),
    ],
)
def test_the_address_a_request_counts_for(peer: str | None, forwarded: list[str], address: str) -> None:
    assert seen(peer, *forwarded) == address


@given(st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=60))
@example("203.0.113.9, ")
@example("[::1")
def test_what_a_client_writes_itself_changes_nothing(written: str) -> None:
    assert seen("203.0.113.7", written) == "203.0.113.7"
    assert seen("10.1.1.1", f"{written}, 203.0.113.7") == "203.0.113.7"


def test_a_proxy_nobody_named_is_said_once(logs: list[dict[str, Any]]) -> None:
    addresses = ClientAddresses([])
    request = make_mocked_request("GET", "/", headers=CIMultiDict({"X-Forwarded-For": "198.51.100.1"}))
    for _ in range(3):
        assert addresses.of(request.clone(remote="203.0.113.7")) == "203.0.113.7"
    said = [line for line in logs if "GATEWAY_TRUSTED_PROXIES" in line["event"]]
    assert [line["peer"] for line in said] == ["203.0.113.7"]


@pytest.mark.parametrize("bad", ["proxy.example", "10.0.0.1/8", "10.0.0.0/33"])
def test_a_proxy_that_is_no_network_is_refused(bad: str) -> None:
    with pytest.raises(ValueError, match=bad.partition("/")[0]):
        _ = ClientAddresses([bad])
