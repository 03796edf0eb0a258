"""The wire models as they stand in docs/openapi/gateway.yaml: `python -m tests.api.models` prints them."""

import sys
from typing import Any

import yaml
from contracts.smartrecruiters.orders import InlineAnswer, InlineOrder, StandardOrder
from contracts.smartrecruiters.packages import WirePackage
from pydantic.json_schema import models_json_schema


def schemas() -> dict[str, Any]:
    """Returns each model's JSON Schema by its name."""
    _, whole = models_json_schema(
        [
            (StandardOrder, "validation"),
            (InlineOrder, "validation"),
            (InlineAnswer, "serialization"),
            (WirePackage, "serialization"),
        ],
        ref_template="#/components/schemas/{model}",
    )
    found: dict[str, Any] = whole["$defs"]
    return found


if __name__ == "__main__":
    yaml.safe_dump(schemas(), sys.stdout, sort_keys=False)
