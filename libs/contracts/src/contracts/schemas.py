"""JSON Schemas of the events, for engine teams in other languages: `python -m contracts.schemas FOLDER`.

The models are the source; the files are written from them and never edited by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

from contracts.envelope import EventData
from contracts.events import BY_SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(event: type[EventData]) -> dict[str, Any]:
    """Returns the JSON Schema of an event's data, as a consumer may expect to read it."""
    name = f"{event.TYPE}.v{event.VERSION}"
    body = event.model_json_schema(mode="validation")
    return {"$schema": DIALECT, "$id": f"urn:assessment-bridge:{name}", **body, "title": name}


def files() -> dict[str, str]:
    """Returns file name -> content, for every event there is."""
    return {
        f"{name}.schema.json": json.dumps(schema(event), indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        for name, event in sorted(BY_SCHEMA.items())
    }


def write(folder: Path) -> None:
    """Writes every schema; removes none: an older version's file stays beside the new one."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
