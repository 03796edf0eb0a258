"""A stack on a Kafka that wants TLS and SCRAM, each program a user of its own that may what it has to."""

from collections import ChainMap
from pathlib import Path

from local_stack import bridge
from local_stack.ports import Ports
from local_stack.stack import Stack
from runtime.kafka import access

from tests.support import secure_kafka
from tests.support.secure_kafka import ADMINISTRATOR, USERS

ENGINE = "reference-engine"


class SecuredStack(Stack):
    """`bridge topics allow` gave the rights. Tests themselves come by Kafka's plain listener."""

    def __init__(self, data: Path, ports: Ports) -> None:
        kafka, self.secure = secure_kafka.made(data, ports.local_kafka, log=data / "logs" / "kafka.log")
        super().__init__(data, ports, kafka=kafka)
        self.environment |= self.kafka_as("bridge")

    def kafka_as(self, user: str) -> dict[str, str]:
        """The settings of Kafka for one user."""
        return {"KAFKA_BOOTSTRAP_SERVERS": self.secure.bootstrap, **self.secure.settings(user)}

    def environment_of(self, name: str) -> ChainMap[str, str]:
        """A program's name is its user's; the sandbox has none."""
        return super().environment_of(name).new_child(self.kafka_as(name) if name in USERS else {})

    def prepare(self) -> None:
        """Everybody's rights first: those of `bridge`, who makes the topics, are among them."""
        administrator = {**self.environment, **self.kafka_as(ADMINISTRATOR)}
        allow = ("topics", "allow", "--engine-without-store", ENGINE)
        bridge.run(*allow, environment=administrator, folder=self.data)
        super().prepare()

    def denials(self, *users: str) -> list[str]:
        """What Kafka's log says it denied to these users, else to those of the stack."""
        lines = (self.logs / "kafka.log").read_text(errors="replace").splitlines()
        names = users or (*(user.name for user in access.OURS), ENGINE)
        return [
            line for line in lines if any(f"Principal = User:{name} is Denied " in line for name in names)
        ]
