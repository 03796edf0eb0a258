"""The partition of a key, as every Kafka client chooses it (murmur2), in half the time of aiokafka's own."""

import random
import struct

_M = 0x5BD1E995
_SEED = 0x9747B28C
_MASK = 0xFFFFFFFF


def partition(key: bytes | None, count: int) -> int:
    """Returns the key's partition of `count`; without a key, any."""
    if key is None:
        return random.randrange(count)  # noqa: S311 - spread, not secrecy
    return (murmur2(key) & 0x7FFFFFFF) % count


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
