"""The published examples: every event has some, each is valid, and our encoder writes the same record."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from contracts import codec
from contracts.events import BY_SCHEMA
from contracts.topics import TOPICS

FOLDER = Path(__file__).parents[2] / "libs/contracts/examples"
FILES = sorted(FOLDER.rglob("*.json"))
NAMES = [str(path.relative_to(FOLDER)) for path in FILES]
TOMBSTONE = FOLDER / "package.published/1/withdrawn.json"
EVENTS = [path for path in FILES if path != TOMBSTONE]

each_file = pytest.mark.parametrize("path", EVENTS, ids=[str(path.relative_to(FOLDER)) for path in EVENTS])


def read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text())
    return found


@each_file
def test_an_example_is_a_record_we_could_have_written(path: Path) -> None:
    record = read(path)
    headers = [(name, text.encode()) for name, text in record["headers"].items()]
    event = codec.decode(json.dumps(record["value"]).encode(), headers)
    value, written = codec.encode(event)
    assert json.loads(value) == record["value"]
    assert written == headers
    (topic,) = (topic for topic in TOPICS if topic.name == record["topic"])
    assert topic.key(event).decode() == record["key"]


@each_file
def test_an_example_lies_where_its_schema_says(path: Path) -> None:
    kind, version = path.parts[-3:-1]
    assert read(path)["headers"]["ce_dataschema"] == f"{kind}.v{version}"


def test_every_event_has_two_and_no_folder_is_an_orphan() -> None:
    folders = {f"{path.parts[-3]}.v{path.parts[-2]}" for path in FILES}
    assert folders == set(BY_SCHEMA)
    for schema in BY_SCHEMA:
        assert sum(read(path)["headers"]["ce_dataschema"] == schema for path in EVENTS) >= 2


def test_a_package_is_withdrawn_by_its_key_alone() -> None:
    record = read(TOMBSTONE)
    published = read(TOMBSTONE.with_name("for-everyone.json"))
    assert (record["topic"], record["key"], record["value"]) == (published["topic"], published["key"], None)


def test_addresses_are_made_up() -> None:
    for path in FILES:
        for domain in re.findall(r"[\w.+-]+@([\w.-]+)", path.read_text()):
            assert domain == "example.com"
