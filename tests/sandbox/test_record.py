from typing import Any

from sandbox.domain.record import Record, masked


def add(record: Record, call: str, **more: Any) -> None:
    record.add(at="", direction="received", call=call, method="GET", path="/", status=200, **more)


def test_the_oldest_go_and_numbers_stay() -> None:
    record = Record(3)
    for number in range(5):
        add(record, f"call{number}")
    assert [entry.n for entry in record.entries()] == [3, 4, 5]
    assert [entry.n for entry in record.entries(after=4)] == [5]
    assert record.last == 5


def test_entries_are_narrowed() -> None:
    record = Record(10)
    add(record, "a", company_id="acme", order_id="1")
    add(record, "b", company_id="acme")
    add(record, "b", company_id="globex")
    assert [entry.n for entry in record.entries(call="b", company_id="acme")] == [2]
    assert [entry.n for entry in record.entries(order_id="1")] == [1]


def test_secrets_are_masked_at_any_depth() -> None:
    shown = masked({"clientId": "a", "clientSecret": "b", "deep": [{"access_token": "c"}], "password": ""})
    assert shown == {
        "clientId": "a",
        "clientSecret": "***",
        "deep": [{"access_token": "***"}],
        "password": "",
    }
