"""A real Apache Kafka of one node (KRaft, broker and controller in one process) without Docker."""

import shutil
import socket
import struct
import subprocess
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Self

from local_stack import jars, java, ports
from local_stack.child import Child
from local_stack.errors import LocalStackError, NotReady

START_WITHIN = 60.0
SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-512")
HEAP = "512m"
PROBE_TIMEOUT = 2.0

# One small machine: nothing to replicate to, topics are made by name, groups need not wait for stragglers.
PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
    "auto.create.topics.enable": "false",
    "num.partitions": "4",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "8",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    # After kill -9 a broker is let in again only when its former self has timed out.
    "broker.session.timeout.ms": "6000",
    "broker.heartbeat.interval.ms": "1000",
    "log.cleaner.enable": "true",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "num.network.threads": "2",
    "num.io.threads": "4",
}
QUIET = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.log.kafka.server=info",
    "-Dorg.slf4j.simpleLogger.log.kafka.server.KafkaConfig=warn",
    # Where there are ACLs: each time somebody was denied something.
    "-Dorg.slf4j.simpleLogger.log.kafka.authorizer.logger=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSZ",
)


def _silent(_: str) -> None:
    """Say nothing."""


class LocalKafka:
    """Broker on 127.0.0.1:`port`; a later start on the same `data` finds its topics and groups again.

    `more` are properties beside its own; those of listeners are added to them. `users` are who may come by
    SASL's SCRAM, with their passwords: the storage is made with them.

    `start` returns when clients are served; LocalStackError: port in use, jars unreachable, died, too slow.
    """

    def __init__(
        self,
        data: Path,
        port: int,
        *,
        java_program: Path | None = None,
        cache: Path | None = None,
        log: Path | None = None,
        more: Mapping[str, str] | None = None,
        users: Mapping[str, str] | None = None,
        say: Callable[[str], None] = _silent,
    ) -> None:
        self.data = data.absolute()
        self.port = port
        self._java = java_program
        self._cache = cache
        self._log = log or self.data / "kafka.log"
        self._more = more or {}
        self._users = users or {}
        self._say = say
        self.child: Child | None = None

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given."""
        return f"{ports.HOST}:{self.port}"

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> Self:
        """Fetch what is missing, start, and wait until it answers."""
        ports.require_free("Kafka", self.port, "LOCAL_KAFKA_PORT")
        self.data.mkdir(parents=True, exist_ok=True)
        program = str(self._java or java.find())
        class_path = ":".join(map(str, jars.fetched(self._cache or jars.cache_folder(), say=self._say)))
        properties = self._write_properties()
        self._format(program, class_path, properties)
        command = [program, "-Xms128m", f"-Xmx{HEAP}", "-XX:+UseSerialGC", *QUIET, "-cp", class_path]
        self.child = Child("Kafka", [*command, "kafka.Kafka", str(properties)], log=self._log).start()
        try:
            self.child.until(self.answers, within=START_WITHIN)
        except (LocalStackError, KeyboardInterrupt):
            self.child.kill()
            raise
        return self

    def stop(self) -> None:
        """Controlled shutdown, at most 20 s of it."""
        if self.child is not None:
            self.child.stop(within=20.0)

    def answers(self) -> bool:
        """Whether the broker serves clients."""
        return answers(self.port)

    def _write_properties(self) -> Path:
        # The controller's port is of no interest to anybody else, so any free one does, anew at each start.
        controller = ports.free()
        own = {
            "controller.quorum.voters": f"1@{ports.HOST}:{controller}",
            "listeners": f"PLAINTEXT://{ports.HOST}:{self.port},CONTROLLER://{ports.HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{ports.HOST}:{self.port}",
            "log.dirs": str(self.data / "segments"),
        }
        properties = PROPERTIES | own
        for name, value in self._more.items():
            listed = name in properties and name.endswith(("listeners", "protocol.map"))
            properties[name] = f"{properties[name]},{value}" if listed else value
        path = self.data / "server.properties"
        path.write_text("".join(f"{key}={value}\n" for key, value in properties.items()))
        return path

    def _format(self, program: str, class_path: str, properties: Path) -> None:
        if (self.data / "segments" / "bootstrap.checkpoint").exists():
            return
        shutil.rmtree(self.data / "segments", ignore_errors=True)  # of a start that was interrupted here
        # Kafka's tool takes an id that begins with a minus for an option.
        cluster = urlsafe_b64encode(uuid.uuid4().bytes).rstrip(b"=").decode().replace("-", "_")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(properties)]
        for name, password in self._users.items():
            for mechanism in SCRAM:
                tool += ["--add-scram", f"{mechanism}=[name={name},password={password}]"]
        command = [program, "-cp", class_path, *QUIET, *tool]
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)  # noqa: S603
        except subprocess.TimeoutExpired as error:
            raise NotReady("Kafka's storage tool", 60, "") from error
        if done.returncode != 0:
            raise LocalStackError(f"Kafka's storage could not be made: {done.stdout}{done.stderr}".strip())


def answers(port: int) -> bool:
    """Whether a broker on this machine lists itself: only then is it registered and serves clients."""
    try:
        with socket.create_connection((ports.HOST, port), PROBE_TIMEOUT) as connection:
            connection.sendall(_metadata_request())
            return _brokers(connection) > 0
    except (OSError, struct.error):
        return False


def _metadata_request() -> bytes:
    """Metadata, version 4, about no topic: https://kafka.apache.org/protocol#The_Messages_Metadata."""
    client = b"local-stack"
    header = struct.pack(">hhih", 3, 4, 1, len(client)) + client
    body = header + struct.pack(">i?", 0, False)
    return struct.pack(">i", len(body)) + body


def _brokers(connection: socket.socket) -> int:
    with connection.makefile("rb") as answer:
        _size, _correlation, _throttled, brokers = struct.unpack(">iiii", answer.read(16))
    return int(brokers)
