"""Which Kafka, and what goes before its names."""

from typing import NamedTuple


class Cluster(NamedTuple):
    """`prefix` is put before every topic and group: shared clusters, and tests."""

    bootstrap_servers: str
    prefix: str = ""
