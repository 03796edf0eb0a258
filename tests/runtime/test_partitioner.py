from aiokafka.partitioner import DefaultPartitioner
from aiokafka.partitioner import murmur2 as reference
from hypothesis import given
from hypothesis import strategies as st
from runtime.kafka.partitioner import murmur2, partition

PARTITIONS = [0, 1, 2, 3, 4, 5]


@given(st.binary(max_size=200))
def test_the_hash_is_kafkas(key: bytes) -> None:
    assert murmur2(key) == reference(key)


@given(st.binary(min_size=1, max_size=80))
def test_a_key_goes_where_every_other_client_puts_it(key: bytes) -> None:
    assert partition(key, PARTITIONS, [2]) == DefaultPartitioner()(key, PARTITIONS, [2])


def test_without_a_key_only_what_is_available_is_chosen() -> None:
    assert {partition(None, PARTITIONS, [4]) for _ in range(20)} == {4}
    assert partition(None, [3], []) == 3
