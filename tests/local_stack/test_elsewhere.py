"""The workflow through a stack of others; through containers it is walked by `tests/containers/run`."""

import subprocess
import sys
from pathlib import Path

import pytest
from local_stack.elsewhere import Elsewhere


def test_a_missing_address_is_one_clear_line() -> None:
    command = [sys.executable, "-m", "local_stack.elsewhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env={"NO_COLOR": "1"})  # noqa: S603 - ours
    assert done.returncode == 1, done.stderr
    assert done.stderr.splitlines() == ["FAILED  SANDBOX_URL is missing"]


@pytest.mark.parametrize("as_file", [True, False])
def test_it_knows_the_sides_and_the_password(tmp_path: Path, *, as_file: bool) -> None:
    file = tmp_path / "password"
    file.write_text("made-up\n")
    secret = {"_FILE": str(file)} if as_file else {"": "made-up"}
    given = {f"ADMINISTRATOR_PASSWORD{suffix}": value for suffix, value in secret.items()}
    stack = Elsewhere({"SANDBOX_URL": "http://a:1", "REFERENCE_ENGINE_URL": "http://b:2", **given})
    assert (stack.urls.sandbox, stack.urls.engine) == ("http://a:1", "http://b:2")
    assert stack.keys == {"administrator_password": "made-up"}
