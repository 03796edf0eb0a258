from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st
from runtime.kafka.partitioner import murmur2, partition


@given(st.binary(max_size=200))
def test_the_hash_is_kafkas(key: bytes) -> None:
    assert murmur2(key) == reference(key)


@given(st.binary(min_size=1, max_size=80))
def test_a_key_goes_where_every_other_client_puts_it(key: bytes) -> None:
    everywhere = [0, 1, 2, 3, 4, 5]
    assert partition(key, 6) == DefaultPartitioner()(key, everywhere, [2])


def test_without_a_key_every_partition_is_used() -> None:
    assert {partition(None, 3) for _ in range(200)} == {0, 1, 2}
