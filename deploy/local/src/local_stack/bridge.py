"""`bridge` as an operator runs it who types this."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from local_stack.errors import LocalStackError, NotReady

WITHIN = 60.0
PROGRAM = "from runtime.cli import main; main()"


def run(*arguments: str, typed: str = "", environment: Mapping[str, str], folder: Path) -> str:
    """Returns its output; LocalStackError when it fails or takes longer than a minute."""
    command = [sys.executable, "-c", PROGRAM, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - composed here
            command,
            env=environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=False,
            cwd=folder,
        )
    except subprocess.TimeoutExpired as error:
        raise NotReady(f"bridge {arguments[0]}", WITHIN, "") from error
    if done.returncode != 0:
        raise LocalStackError(
            f"bridge {' '.join(arguments[:2])} failed: {(done.stderr or done.stdout).strip()}"
        )
    return done.stdout
