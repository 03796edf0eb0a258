"""The published schemas are those of the models, and never changed their meaning."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from contracts import schemas
from contracts.compatibility import breakages
from contracts.events import BY_SCHEMA

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "libs/contracts/schemas"
NAMES = sorted(schemas.files())


def committed(name: str) -> dict[str, Any]:
    """The schema as last committed; as it lies there where there is no repository."""
    path = f"libs/contracts/schemas/{name}"
    shown = subprocess.run(  # noqa: S603
        ["git", "show", f"HEAD:{path}"],  # noqa: S607
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    found: dict[str, Any] = json.loads(shown.stdout if shown.returncode == 0 else (ROOT / path).read_text())
    return found


def test_every_event_has_its_file_and_every_file_its_event() -> None:
    assert {path.name for path in FOLDER.iterdir()} == {f"{schema}.schema.json" for schema in BY_SCHEMA}


@pytest.mark.parametrize("name", NAMES)
def test_the_file_is_what_the_model_says(name: str) -> None:
    assert (FOLDER / name).read_text() == schemas.files()[name], "run `make schemas`"


@pytest.mark.parametrize("name", NAMES)
def test_nobody_who_holds_to_the_committed_schema_is_broken(name: str) -> None:
    assert breakages(committed(name), json.loads(schemas.files()[name])) == []


def test_writing_refuses_to_change_a_published_version(tmp_path: Path) -> None:
    schemas.write(tmp_path)
    path = tmp_path / NAMES[0]
    other = json.loads(path.read_text())
    other["properties"]["of_old"] = {"type": "string"}
    path.write_text(json.dumps(other))
    with pytest.raises(SystemExit, match=r"data\.of_old: removed"):
        schemas.main([str(tmp_path)])
    assert json.loads(path.read_text()) == other
