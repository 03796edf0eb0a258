"""The whole stack as processes of this machine, to be looked at or to be killed piece by piece."""

import fcntl
import shutil
import sys
from collections import ChainMap
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from local_stack import bridge, keys, programs
from local_stack.child import Child
from local_stack.errors import LocalStackError, NotReady
from local_stack.kafka import LocalKafka
from local_stack.ports import Ports
from local_stack.postgres import LocalPostgres
from local_stack.programs import Program, Urls

DISK_NEEDED = 1 << 30
READY_WITHIN = 60.0
STOP_WITHIN = 15.0
PROBE_EVERY = 0.1


def _silent(_: str) -> None:
    """Say nothing."""


@contextmanager
def taken(data: Path) -> Iterator[None]:
    """Alone on this folder; LocalStackError when another stack runs there. A killed one holds nothing."""
    data.mkdir(parents=True, exist_ok=True)
    with (data / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LocalStackError(
                f"a stack is running on {data}: stop it first, or choose another --data"
            ) from error
        yield


class Stack:
    """Kafka, PostgreSQL, the services, the SmartRecruiters sandbox and the reference engine.

    `start` returns when every part says it is ready, or stops what it started and raises LocalStackError.
    Parts: kafka, postgres, gateway, credentials, orders, orders-insights, results-publisher, sandbox and
    reference-engine. What they keep and log is below `data`; a later start there goes on with it.
    `kafka` is a broker other than the usual one.
    """

    def __init__(
        self,
        data: Path,
        ports: Ports,
        *,
        kafka: LocalKafka | None = None,
        say: Callable[[str], None] = _silent,
    ) -> None:
        self.data = data.absolute()
        self.ports = ports
        self.urls = Urls.of(ports)
        self.logs = self.data / "logs"
        self._say = say
        self.keys = keys.kept(self.data / "secrets.json")
        self.kafka = kafka or LocalKafka(
            self.data / "kafka", ports.local_kafka, log=self.logs / "kafka.log", say=say
        )
        self.postgres = LocalPostgres(
            self.data / "postgres",
            ports.local_postgres,
            password=self.keys["postgres_password"],
            log=self.logs / "postgres.log",
        )
        self.environment = programs.settings(
            ports, self.keys, self.database_url, self.kafka.bootstrap_servers
        )
        self._held = ExitStack()
        self._programs = {program.name: program for program in programs.programs(ports)}
        self._children = {name: self._child(program) for name, program in self._programs.items()}

    @property
    def database_url(self) -> str:
        """Of the services' database."""
        return self.postgres.url_of(programs.DATABASE)

    def environment_of(self, name: str) -> ChainMap[str, str]:
        """The settings of one program; what changes in `environment` counts at its next start."""
        return ChainMap(programs.own(name, self.keys, self.database_url), self.environment)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Bring everything up; a second start on the same data takes seconds."""
        self._require_disk()
        self._held.enter_context(taken(self.data))
        try:
            self.ports.require_free()
            self._start_stores()
            self._start_programs()
        except BaseException:
            self.stop()
            raise
        return self

    def stop(self) -> None:
        """Stop what runs, in reverse order, each part within a bounded time."""
        for child in reversed(self._children.values()):
            child.stop(within=STOP_WITHIN)
        self.kafka.stop()
        self.postgres.stop()
        self._held.close()

    def kill(self, name: str) -> None:
        """SIGKILL, and wait until it is gone."""
        self.child(name).kill()

    def prepare(self) -> None:
        """Make schemas, roles and topics: the stores are up, and no program is yet."""
        self.bridge("database", "migrate")
        self.bridge("topics", "create")

    def restart(self, name: str) -> None:
        """Start a part that was killed or stopped, and wait until it is ready again."""
        if self.child(name).running:
            self.child(name).stop(within=STOP_WITHIN)
        match name:
            case "kafka":
                self.kafka.start()
            case "postgres":
                self.postgres.start()
            case _:
                self._children[name].start()
                self._wait_ready(name)

    def child(self, name: str) -> Child:
        """The process of a part; LocalStackError when there is none of that name, or it was never started."""
        own = {"kafka": self.kafka.child, "postgres": self.postgres.child, **self._children}
        found = own.get(name)
        if found is None:
            raise LocalStackError(f"{name} is not running; parts are {', '.join(own)}")
        return found

    def check(self) -> None:
        """Raise ProcessDied when a part has ended by itself."""
        for name in ("kafka", "postgres", *self._children):
            self.child(name).check()

    def bridge(self, *arguments: str, typed: str = "") -> str:
        """Run `bridge` as an operator who types this does; its output, or LocalStackError."""
        return bridge.run(*arguments, typed=typed, environment=self.environment, folder=self.data)

    def _require_disk(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        if (left := shutil.disk_usage(self.data).free) < DISK_NEEDED:
            raise LocalStackError(f"{self.data} has {left >> 20} MiB left on its disk; 1024 MiB are needed")

    def _start_stores(self) -> None:
        self._say("starting PostgreSQL")
        self.postgres.start()
        self._say("starting Kafka")
        self.kafka.start()
        self._say("database and topics")
        self.postgres.create_database(programs.DATABASE)
        self.prepare()

    def _start_programs(self) -> None:
        self._say(f"starting {', '.join(self._children)}")
        for child in self._children.values():
            child.start()
        for name in self._children:
            self._wait_ready(name, watched=self._children.values())

    def _child(self, program: Program) -> Child:
        return Child(
            program.name,
            [sys.executable, "-m", program.module],
            log=self.logs / f"{program.name}.log",
            environment=self.environment_of(program.name),
            folder=self.data,
        )

    def _wait_ready(self, name: str, *, watched: Iterable[Child] = ()) -> None:
        said = ""

        def ready() -> bool:
            nonlocal said
            for child in watched:
                child.check()
            well, said = _answer(self._programs[name].ready)
            return well

        child = self._children[name]
        try:
            child.until(ready, within=READY_WITHIN, every=PROBE_EVERY)
        except NotReady as error:
            raise NotReady(name, READY_WITHIN, child.tail(), said) from error


def _answer(url: str) -> tuple[bool, str]:
    # The standard library's client: asked ten times a second, it must cost next to nothing.
    address = urlsplit(url)
    connection = HTTPConnection(address.netloc, timeout=2.0)
    try:
        connection.request("GET", address.path)
        answer = connection.getresponse()
        return answer.status == HTTPStatus.OK, f"{answer.status} {answer.read(500).decode(errors='replace')}"
    except (OSError, HTTPException) as error:
        return False, f"{type(error).__name__} {error}"
    finally:
        connection.close()
