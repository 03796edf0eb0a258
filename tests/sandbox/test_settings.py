import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sandbox.settings import Settings

from tests.support.ports import free_port


def test_defaults_need_no_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(("SANDBOX_", "MASTER_", "BIND_")):
            monkeypatch.delenv(name)
    settings = Settings()
    assert (settings.port, settings.bind_address, settings.requests_per_second) == (8090, "127.0.0.1", 10)


def test_the_master_credential_is_the_partners(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MASTER_CLIENT_ID", "ours")
    secret = tmp_path / "secret"
    secret.write_text("from a file\n")
    monkeypatch.setenv("MASTER_CLIENT_SECRET_FILE", str(secret))
    settings = Settings()
    assert settings.master_client_id == "ours"
    assert settings.master_client_secret.get_secret_value() == "from a file"
    monkeypatch.setenv("SANDBOX_MASTER_CLIENT_SECRET", "its own")
    assert Settings().master_client_secret.get_secret_value() == "its own"
    assert "its own" not in repr(Settings())


def run(**environment: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "sandbox"],
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def ended(process: "subprocess.Popen[str]") -> tuple[int, str]:
    _, errors = process.communicate(timeout=20)
    return process.returncode, errors


def test_a_bad_setting_is_one_clear_line() -> None:
    assert ended(run(SANDBOX_PORT="many")) == (
        2,
        "sandbox: port: Input should be a valid integer, unable to parse string as an integer\n",
    )


def test_it_serves_says_where_and_ends_when_told() -> None:
    port = str(free_port())
    with run(SANDBOX_PORT=port) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == f"sandbox: http://127.0.0.1:{port}\n"
        assert ended(run(SANDBOX_PORT=port)) == (
            1,
            f"sandbox: cannot listen on port {port}: Address already in use\n",
        )
        process.send_signal(signal.SIGTERM)
        assert ended(process) == (0, "")
