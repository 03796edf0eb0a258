import asyncio

import pytest
from runtime import tracing

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"


def test_a_span_is_begun_in_the_parents_trace() -> None:
    own = tracing.start(PARENT)
    assert own[:36] == PARENT[:36]
    assert own[36:52] != PARENT[36:52]
    assert own.endswith("-00")
    assert tracing.headers() == {"traceparent": own}


@pytest.mark.parametrize(
    "parent",
    [
        None,
        "",
        "x",
        PARENT.upper(),
        PARENT + "-extra",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-0af7651916cd43dd8448eb211c80319c-{'0' * 16}-01",
        PARENT.replace("00-", "ff-", 1),
    ],
)
def test_a_malformed_parent_begins_a_new_trace(parent: str | None) -> None:
    own = tracing.start(parent)
    assert own[3:35] != PARENT[3:35]
    assert len(own) == 55


async def test_each_task_has_its_own() -> None:
    async def work() -> str:
        tracing.start(None)
        return tracing.ensure()

    tracing.start(PARENT)
    found = await asyncio.gather(*(asyncio.create_task(work()) for _ in range(3)))
    assert len({*found, tracing.ensure()}) == 4
    assert tracing.trace_id() == PARENT[3:35]
