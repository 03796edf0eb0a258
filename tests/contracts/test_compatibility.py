"""The compatibility gate: what may change under a published version, and what may not."""

import copy
from collections.abc import Callable
from typing import Any

import pytest
from contracts.compatibility import breakages
from contracts.events import EVENTS
from contracts.schemas import schema

Schema = dict[str, Any]
Change = Callable[[Schema], object]

BASE: Schema = {
    "type": "object",
    "required": ["id", "status"],
    "properties": {
        "id": {"type": "string", "maxLength": 10},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "status": {"$ref": "#/$defs/Status"},
        "parts": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
        "fields": {"type": "object", "additionalProperties": {"type": "string"}},
    },
    "$defs": {
        "Status": {"enum": ["NEW", "DONE"], "type": "string"},
        "Part": {
            "type": "object",
            "required": ["name"],
            "properties": {
                "name": {"type": "string"},
                "inner": {"type": "array", "items": {"$ref": "#/$defs/Part"}},
            },
        },
    },
}


def changed(change: Change) -> Schema:
    new = copy.deepcopy(BASE)
    change(new)
    return new


@pytest.mark.parametrize(
    "change",
    [
        lambda new: new["properties"].update(more={"type": "integer", "default": 0}),
        lambda new: new["$defs"]["Part"]["properties"].update(more={"type": "string"}),
        lambda new: new["properties"]["id"].update(description="the order's", title="Id"),
        lambda new: new["required"].reverse(),
        lambda new: new["$defs"]["Status"]["enum"].reverse(),
        lambda new: new["$defs"].update(Other={"type": "object"}),
        lambda new: new["properties"].update(status=new["$defs"].pop("Status")),
    ],
    ids=["property", "nested", "description", "required order", "enum order", "definition", "inlined"],
)
def test_additive(change: Change) -> None:
    assert breakages(BASE, changed(change)) == []


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda new: new["properties"].pop("note"), "data.note: removed"),
        (lambda new: new["$defs"]["Part"]["properties"].pop("name"), "data.parts[items].name: removed"),
        (lambda new: new["required"].append("note"), "data.note: became required"),
        (
            lambda new: (new["properties"].update(more={"type": "string"}), new["required"].append("more")),
            "data.more: became required",
        ),
        (lambda new: new["required"].remove("id"), "data.id: no longer required"),
        (lambda new: new["properties"]["id"].update(type="integer"), "data.id: type was 'string'"),
        (lambda new: new["properties"]["id"].update(maxLength=5), "data.id: maxLength was 10 and is 5"),
        (lambda new: new["properties"]["id"].update(maxLength=50), "data.id: maxLength was 10 and is 50"),
        (lambda new: new["properties"]["id"].update(pattern="^x"), "data.id: pattern was None"),
        (lambda new: new["properties"]["note"]["anyOf"].pop(), "data.note: anyOf has 1 choices instead of 2"),
        (lambda new: new["properties"]["note"]["anyOf"][0].update(type="integer"), "data.note[0]: type"),
        (lambda new: new["$defs"]["Status"]["enum"].remove("DONE"), "data.status: enum"),
        (lambda new: new["$defs"]["Status"]["enum"].append("LATE"), "data.status: enum"),
        (
            lambda new: new["properties"]["fields"]["additionalProperties"].update(type="integer"),
            "data.fields[additionalProperties]: type",
        ),
        (
            lambda new: new["properties"]["fields"].update(additionalProperties=False),
            "data.fields: additionalProperties",
        ),
        (lambda new: new.update(additionalProperties=False), "data: additionalProperties"),
    ],
)
def test_breaking(change: Change, says: str) -> None:
    (fault,) = breakages(BASE, changed(change))
    assert fault.startswith(says)


@pytest.mark.parametrize("model", EVENTS, ids=[model.TYPE for model in EVENTS])
def test_every_property_of_every_event_is_guarded(model: Any) -> None:
    old = schema(model)
    assert breakages(old, schema(model)) == []
    for name in old["properties"]:
        new = copy.deepcopy(old)
        del new["properties"][name]
        assert breakages(old, new) == [f"data.{name}: removed"]
    for definition, body in old.get("$defs", {}).items():
        for name in body.get("properties", {}):
            new = copy.deepcopy(old)
            del new["$defs"][definition]["properties"][name]
            assert [fault.split(".")[-1] for fault in breakages(old, new)] == [f"{name}: removed"]
