"""A real Kafka that wants TLS and a password and checks who may do what, with a certificate made for it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local_stack.kafka import SCRAM, LocalKafka
from runtime.kafka import access

from tests.support.certificates import certificate_of
from tests.support.ports import free_port

ENGINES = (access.engine("skills"), access.engine("reference-engine", store=False))
ADMINISTRATOR = "administrator"
USERS = {
    name: f"{name}-of-the-tests"
    for name in (ADMINISTRATOR, *(user.name for user in (*access.OURS, *ENGINES)))
}
MECHANISMS = ("PLAIN", *SCRAM)
_SCRAM = "org.apache.kafka.common.security.scram.ScramLoginModule required;"


@dataclass(frozen=True)
class SecureKafka:
    """Where it is, plainly (there everybody may everything) and not, and what a client has to know."""

    plain: str
    bootstrap: str
    scram_only: str
    """A listener that speaks SCRAM-SHA-512 and nothing else."""
    certificate: Path

    def settings(self, user: str, mechanism: str = "SCRAM-SHA-512") -> Mapping[str, str]:
        """The environment of a service that is this user."""
        return {
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL",
            "KAFKA_SASL_MECHANISM": mechanism,
            "KAFKA_SASL_USERNAME": user,
            "KAFKA_SASL_PASSWORD": USERS[user],
            "KAFKA_SSL_CA_FILE": str(self.certificate),
        }

    async def allow(self, prefix: str) -> None:
        """What `bridge topics allow` does for topics and groups of this prefix."""
        wanted = [acl for user in (*access.OURS, *ENGINES) for acl in access.acls(user, prefix)]
        await access.allow(self.plain, wanted)


@contextmanager
def secure_kafka(folder: Path) -> Iterator[SecureKafka]:
    """Started, and stopped at the end."""
    local, known = made(folder, free_port())
    with local:
        yield known


def made(folder: Path, plain: int, *, log: Path | None = None) -> tuple[LocalKafka, SecureKafka]:
    """Returns it, not started yet, and what is to know of it; its plain listener is at that port."""
    key, certificate = certificate_of("kafka of the tests")
    (folder / "kafka.pem").write_text(certificate)
    listeners = {"SECURE": f"127.0.0.1:{free_port()}", "SCRAM": f"127.0.0.1:{free_port()}"}
    listed = ",".join(f"{name}://{address}" for name, address in listeners.items())
    users = " ".join(f'user_{name}="{password}"' for name, password in USERS.items())
    more = {
        "listeners": listed,
        "advertised.listeners": listed,
        "listener.security.protocol.map": ",".join(f"{name}:SASL_SSL" for name in listeners),
        "listener.name.scram.sasl.enabled.mechanisms": "SCRAM-SHA-512",
        "listener.name.scram.scram-sha-512.sasl.jaas.config": _SCRAM,
        "sasl.enabled.mechanisms": ",".join(MECHANISMS),
        "listener.name.secure.plain.sasl.jaas.config": (
            f"org.apache.kafka.common.security.plain.PlainLoginModule required {users};"
        ),
        **{f"listener.name.secure.{mechanism.lower()}.sasl.jaas.config": _SCRAM for mechanism in SCRAM},
        "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "allow.everyone.if.no.acl.found": "false",
        # The first is who comes by the plain listener, or is the broker itself.
        "super.users": f"User:ANONYMOUS;User:{ADMINISTRATOR}",
        "ssl.keystore.type": "PEM",
        "ssl.keystore.key": _one_line(key),
        "ssl.keystore.certificate.chain": _one_line(certificate),
    }
    local = LocalKafka(folder / "kafka", plain, log=log, more=more, users=USERS)
    known = SecureKafka(
        plain=local.bootstrap_servers,
        bootstrap=listeners["SECURE"],
        scram_only=listeners["SCRAM"],
        certificate=folder / "kafka.pem",
    )
    return local, known


def _one_line(pem: str) -> str:
    # A property goes on in the next line where this one ends with a backslash.
    return pem.strip().replace("\n", " \\\n")
