"""Sizes and start-up times, as tables in Markdown."""

import json
from datetime import datetime

from tests.containers.engine import BASE_IMAGE, docker, inspect
from tests.containers.stack import SERVICES, ComposeStack

IMAGES = ("gateway", "credentials", "orders", "results-publisher", "bridge", "sandbox", "reference-engine")


def sizes() -> str:
    """What each image adds to the base image, which all of them share."""
    base = _size(BASE_IMAGE)
    rows = [
        f"  | {image} | {(_size(f'assessment-bridge/{image}:local') - base) / 1e6:.0f} MB |"
        for image in IMAGES
    ]
    return "\n".join((f"  | image | added to {BASE_IMAGE} ({base / 1e6:.0f} MB) |", "  |---|---|", *rows))


def starts(stack: ComposeStack) -> str:
    """From a container's start to its line `started`, all starting at once; and what memory it uses."""
    rows = []
    for service in SERVICES:
        (container,) = stack.containers(service)
        began = datetime.fromisoformat(inspect(container)["State"]["StartedAt"][:26] + "+00:00")
        used = docker("stats", "--no-stream", "--format", "{{.MemUsage}}", container).split("/")[0].strip()
        took = (_started(docker("logs", container)) - began).total_seconds()
        rows.append(f"  | {service} | {took:.1f} s | {used} |")
    return "\n".join(("  | service | started after | memory |", "  |---|---|---|", *rows))


def _size(image: str) -> int:
    return int(docker("image", "inspect", "-f", "{{.Size}}", image))


def _started(log: str) -> datetime:
    lines = (json.loads(line) for line in log.splitlines() if line.startswith("{"))
    times = [str(line["timestamp"]) for line in lines if line.get("event") == "started"]
    return datetime.fromisoformat(times[0])
