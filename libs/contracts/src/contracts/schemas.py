"""JSON Schemas of the events, for engine teams in other languages: `python -m contracts.schemas FOLDER`.

The models are the source; the files are written from them and never edited by hand.
"""

import json
import sys
from pathlib import Path
from typing import Any

from contracts.compatibility import breakages
from contracts.envelope import EventData
from contracts.events import BY_SCHEMA

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class IncompatibleSchema(Exception):
    """A published version would no longer mean what it meant."""


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
    """Writes every schema; removes none: an older version's file stays beside the new one.

    Raises IncompatibleSchema, before anything is written, when a file's version would change its meaning.
    """
    folder.mkdir(parents=True, exist_ok=True)
    faults = [
        f"{name}: {fault}"
        for name, text in files().items()
        if (folder / name).exists()
        for fault in breakages(json.loads((folder / name).read_text()), json.loads(text))
    ]
    if faults:
        raise IncompatibleSchema("\n".join([*faults, "Add a new version of the event beside the old one."]))
    for name, text in files().items():
        (folder / name).write_text(text)


def main(arguments: list[str]) -> None:
    """Writes into the folder named; ends with 1 and the reasons when it must not."""
    try:
        write(Path(arguments[0]))
    except IncompatibleSchema as error:
        raise SystemExit(str(error)) from None


if __name__ == "__main__":
    main(sys.argv[1:])
