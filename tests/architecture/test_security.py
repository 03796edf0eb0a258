"""docs/security.md: every promise stands beside a test that exists."""

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.tree import ROOT, tree

TEXT = (ROOT / "docs/security.md").read_text()
HEAD = ["promise", "test"]
NAMED = re.compile(r"`(tests/[\w/.-]+?)(?:::(\w+))?`")


def rows() -> list[list[str]]:
    """The cells of every line of a table."""
    lines = [line.strip().strip("|") for line in TEXT.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)] for line in lines]


def promises() -> list[list[str]]:
    return [row for row in rows() if row != HEAD and not set("".join(row)) <= set("-")]


def functions(path: Path) -> set[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name for node in ast.walk(tree(path)) if isinstance(node, kinds)}


def test_every_table_has_one_form() -> None:
    assert {len(row) for row in rows()} == {2}
    assert sum(row == HEAD for row in rows()) == TEXT.count("\n## ") - 1  # all but the one on trust


@pytest.mark.parametrize("row", promises(), ids=lambda row: row[0][:60])
def test_a_promise_names_its_test(row: list[str]) -> None:
    assert NAMED.search(row[1]), row


@pytest.mark.parametrize("row", promises(), ids=lambda row: row[0][:60])
def test_the_test_exists(row: list[str]) -> None:
    for place, name in NAMED.findall(row[1]):
        assert (ROOT / place).exists(), place
        assert not name or name in functions(ROOT / place), f"{place}::{name}"
