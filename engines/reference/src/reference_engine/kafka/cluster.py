"""Which Kafka, what goes before its names, and how it is spoken to."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Cluster(NamedTuple):
    """`prefix` is put before every topic and group: shared clusters, and tests."""

    bootstrap_servers: str
    prefix: str
    security: Mapping[str, Any]
    """Of `kafka.security.options`."""
