"""docs/openapi/gateway.yaml."""

from typing import Any

import yaml

from tests.support.databases import ROOT

PATH = ROOT / "docs/openapi/gateway.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(PATH.read_text())
