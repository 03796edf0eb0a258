"""The partition of a key, as every Kafka client chooses it (murmur2), in half the time of aiokafka's own."""

import random
import struct
from collections.abc import Sequence

_M = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def partition(key: bytes | None, everywhere: Sequence[int], available: Sequence[int]) -> int:
    """Returns the key's partition among all of them; without a key, any available one."""
    if key is None:
        return random.choice(available or everywhere)  # noqa: S311 - spread, not secrecy
    return everywhere[(murmur2(key) & 0x7FFFFFFF) % len(everywhere)]


def murmur2(data: bytes) -> int:
    """Returns Kafka's 32-bit hash of a key."""
    length = len(data)
    whole = length // 4
    h = _SEED ^ length
    for k in struct.unpack_from(f"<{whole}I", data):
        k = (k * _M) & _MASK  # noqa: PLW2901 - the algorithm's own name for it
        k = ((k ^ (k >> 24)) * _M) & _MASK  # noqa: PLW2901
        h = ((h * _M) & _MASK) ^ k
    if rest := data[whole * 4 :]:
        h = ((h ^ int.from_bytes(rest, "little")) * _M) & _MASK
    h = ((h ^ (h >> 13)) * _M) & _MASK
    return h ^ (h >> 15)
