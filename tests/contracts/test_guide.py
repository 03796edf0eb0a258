"""The guide for engine teams shows the published examples, and names the topics as they are."""

import json
import re
from pathlib import Path

from contracts.topics import TOPICS

ROOT = Path(__file__).parents[2]
GUIDE = (ROOT / "docs/engines.md").read_text()
EXAMPLES = [json.loads(path.read_text()) for path in (ROOT / "libs/contracts/examples").rglob("*.json")]


def test_every_message_in_the_guide_is_a_published_example() -> None:
    values = [example["value"] for example in EXAMPLES]
    values += [value["audience"] for value in values if value and "audience" in value]
    blocks = [json.loads(block) for block in re.findall(r"```json\n(.*?)```", GUIDE, re.DOTALL)]
    assert len(blocks) >= 8
    assert [block for block in blocks if block not in values] == []


def test_the_headers_in_the_guide_are_those_of_an_example() -> None:
    (block,) = re.findall(r"```\n(ce_.*?)```", GUIDE, re.DOTALL)
    headers = dict(line.split(": ", 1) for line in block.splitlines())
    assert headers in [example["headers"] for example in EXAMPLES]


def test_the_topics_in_the_guide_are_those_of_the_registry() -> None:
    names = {name for topic in TOPICS for name in (topic.name, topic.dead_letter)}
    rows = re.findall(r"^\| `([a-z.]+)` \| (?:you |publish|read)", GUIDE, re.MULTILINE)
    assert len(rows) == 4
    assert set(rows) <= names
