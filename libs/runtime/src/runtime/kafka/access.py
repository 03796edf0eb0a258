"""Which user of Kafka may do what: its ACLs, as they follow from the registry of topics."""

import asyncio
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import NamedTuple

from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError, for_code
from aiokafka.protocol.admin import CreateAclsRequest
from contracts.topics import (
    CREDENTIALS_INTEGRATIONS,
    CREDENTIALS_REVOCATIONS,
    ENGINES_PACKAGES,
    ENGINES_UPDATES,
    TOPICS,
    Topic,
)

from runtime.errors import StartupError
from runtime.kafka import security


@dataclass(frozen=True, slots=True)
class User:
    """A user and the topics it needs. Who reads has groups: the one of its name, and `<name>.…`."""

    name: str
    reads: tuple[str, ...] = ()
    writes: tuple[str, ...] = ()
    """Dead letters among them."""
    creates: tuple[str, ...] = ()
    keeps: bool = False
    """Has topics of its own, `<name>-…`, and creates them."""


class Resource(IntEnum):
    """As Kafka's protocol numbers them."""

    TOPIC = 2
    GROUP = 3


class Pattern(IntEnum):
    """As Kafka's protocol numbers them."""

    LITERAL = 3
    PREFIXED = 4


class Operation(IntEnum):
    """As Kafka's protocol numbers them. Who may read or write may describe."""

    READ = 3
    WRITE = 4
    CREATE = 5
    DESCRIBE = 8


_ALLOW = 3


class Acl(NamedTuple):
    """One thing one user may do, from any host."""

    user: str
    operation: Operation
    resource: Resource
    name: str
    pattern: Pattern = Pattern.LITERAL

    def __str__(self) -> str:
        """For a person to read."""
        more = "…" if self.pattern is Pattern.PREFIXED else ""
        return f"{self.user}: {self.operation.name.lower()} {self.resource.name.lower()} {self.name}{more}"


def _party(party: str, name: str, *, views: Container[Topic] = (), keeps: bool = False) -> User:
    """Of `views`, topics it only follows, it skips a record nobody can use instead of burying it."""
    consumed = [topic for topic in TOPICS if party in topic.consumers]
    produced = [topic.name for topic in TOPICS if party in topic.producers]
    return User(
        name,
        reads=tuple(topic.name for topic in consumed),
        writes=(*produced, *(topic.dead_letter for topic in consumed if topic not in views)),
        keeps=keeps,
    )


def engine(name: str, *, store: bool = True) -> User:
    """Returns an engine's user. Without a store of its own it reads back what was said of every order."""
    user = _party("engines", name)
    return user if store else replace(user, reads=(*user.reads, ENGINES_UPDATES.name))


OURS = (
    _party("gateway", "gateway", views=(CREDENTIALS_INTEGRATIONS, CREDENTIALS_REVOCATIONS, ENGINES_PACKAGES)),
    _party("credentials", "credentials"),
    _party("orders", "orders"),
    _party("orders-insights", "orders-insights", views=TOPICS, keeps=True),
    _party("results-publisher", "results-publisher"),
    User("bridge", creates=tuple(name for topic in TOPICS for name in (topic.name, topic.dead_letter))),
)


def acls(user: User, prefix: str) -> Iterator[Acl]:
    """Yields what the user may do; `prefix` is the one of topics and groups."""
    topics = {
        (Operation.READ,): user.reads,
        (Operation.WRITE,): user.writes,
        # Without the second it would not see which are there.
        (Operation.CREATE, Operation.DESCRIBE): user.creates,
    }
    for operations, names in topics.items():
        for name in names:
            for operation in operations:
                yield Acl(user.name, operation, Resource.TOPIC, prefix + name)
    own = prefix + user.name
    if user.reads:
        yield Acl(user.name, Operation.READ, Resource.GROUP, own)
        yield Acl(user.name, Operation.READ, Resource.GROUP, f"{own}.", Pattern.PREFIXED)
    if user.keeps:
        for operation in (Operation.CREATE, Operation.READ, Operation.WRITE):
            yield Acl(user.name, operation, Resource.TOPIC, f"{own}-", Pattern.PREFIXED)


async def allow(bootstrap: str, wanted: Iterable[Acl]) -> None:
    """Has Kafka know them; a repeat does nothing, and none is taken away. Raises StartupError.

    Only who may alter the cluster can do this.
    """
    client = AIOKafkaClient(bootstrap_servers=bootstrap, request_timeout_ms=15_000, **security.options())
    try:
        async with asyncio.timeout(60):
            await client.bootstrap()
            for acl in wanted:
                await _create(client, acl)
    except (TimeoutError, KafkaError, OSError) as error:
        cause = await security.refusal(bootstrap, error) or repr(error)
        raise StartupError(f"Kafka at {bootstrap} does not do it: {cause}") from error
    finally:
        async with asyncio.timeout(5):
            await client.close()


async def _create(client: AIOKafkaClient, acl: Acl) -> None:
    request = CreateAclsRequest(
        acl.resource, acl.name, acl.pattern, f"User:{acl.user}", "*", acl.operation, _ALLOW
    )
    answer = await client.send(client.get_random_node(), request)
    for code, message in answer.creation_responses:
        if code:
            raise for_code(code)(message)
