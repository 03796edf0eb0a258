"""The whole stack as its parts see it: refused for one clear reason, or up, or down."""

import socket
from dataclasses import replace
from pathlib import Path

import pytest
from local_stack import stack as module
from local_stack.errors import LocalStackError, PortInUse
from local_stack.ports import Ports
from local_stack.stack import Stack, taken


def test_a_port_in_use_is_told_before_anything_is_started(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        stack = Stack(tmp_path, replace(Ports.free(), sandbox=other.getsockname()[1]))

        with pytest.raises(PortInUse, match=r"^sandbox: port .* set SANDBOX_PORT$"):
            stack.start()

    assert not (tmp_path / "postgres").exists()


def test_two_stacks_never_share_a_folder(tmp_path: Path) -> None:
    with taken(tmp_path), pytest.raises(LocalStackError, match=r"^a stack is running on "):
        Stack(tmp_path, Ports.free()).start()


def test_a_full_disk_is_told_before_anything_is_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DISK_NEEDED", 1 << 62)

    with pytest.raises(LocalStackError, match=r"has \d+ MiB left on its disk"):
        Stack(tmp_path, Ports.free()).start()

    assert not (tmp_path / "postgres").exists()


def test_a_part_that_does_not_exist_is_named_with_those_that_do(tmp_path: Path) -> None:
    with pytest.raises(
        LocalStackError, match=r"^payments is not running; parts are kafka, postgres, sandbox"
    ):
        Stack(tmp_path, Ports.free()).kill("payments")


def test_a_persons_own_settings_stay_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://production/bridge")
    monkeypatch.setenv("MASTER_CLIENT_SECRET_FILE", "/run/secrets/production")

    environment = Stack(tmp_path, Ports.free()).environment

    assert "production" not in " ".join(environment.values())
    assert "MASTER_CLIENT_SECRET_FILE" not in environment
