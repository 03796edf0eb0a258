"""Ports are settings, and one that is taken is named with its setting."""

import socket
from dataclasses import asdict

import pytest
from local_stack.errors import LocalStackError, PortInUse
from local_stack.ports import Ports


def test_a_port_is_taken_from_the_environment() -> None:
    ports = Ports.from_environment({"GATEWAY_PORT": "18080", "LOCAL_KAFKA_PORT": "19999", "SANDBOX_PORT": ""})

    assert (ports.gateway, ports.local_kafka, ports.sandbox) == (18080, 19999, Ports().sandbox)


@pytest.mark.parametrize("text", ["x", "0", "65536", "-1", "\uff18\uff10"])
def test_what_is_no_port_is_named(text: str) -> None:
    with pytest.raises(LocalStackError, match=r"^ORDERS_INTERNAL_PORT=.* is not a port$"):
        Ports.from_environment({"ORDERS_INTERNAL_PORT": text})


def test_settings_and_environment_are_each_others_inverse() -> None:
    ports = Ports.free()

    assert Ports.from_environment(ports.as_settings()) == ports
    assert len(set(asdict(ports).values())) == len(asdict(ports))


def test_a_port_in_use_is_named_with_the_setting_that_moves_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        ports = Ports(**{**asdict(Ports.free()), "results_publisher_internal": taken})

        with pytest.raises(PortInUse) as caught:
            ports.require_free()

    assert str(caught.value) == (
        f"results-publisher: port {taken} on 127.0.0.1 is in use; "
        "free it or set RESULTS_PUBLISHER_INTERNAL_PORT"
    )
