"""Everything the processes wrote while all the other tests ran: no person, no secret, no token."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from local_stack import flow

from tests.e2e.support import checks
from tests.e2e.support.world import World

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(180)]

_TOKEN = re.compile(r"eyJ[\w-]{8,}\.[\w-]{8,}|[Bb]earer\s+(?!\[redacted\])[\w.~+/-]{12,}")
_E_MAIL = re.compile(r"[\w.+-]+@[\w-]+\.(?:example|com)")
_PUBLIC_KEYS = {"master_client_id"}
_SERVICES = ("gateway", "credentials", "orders", "results-publisher")
_MAY_BE_SILENT = {"sandbox", "postgres"}


async def test_no_log_names_a_person_or_a_secret(world: World) -> None:
    placed = await world.orders(5)
    await checks.all_settle(world, placed)
    persons = {name for company in await _companies(world) for name in _names(company)}
    kept = {value for name, value in world.stack.keys.items() if name not in _PUBLIC_KEYS}
    secrets = kept | {part.partition(":")[2] for part in kept if ":" in part}
    logs = sorted(world.stack.logs.glob("*.log"))
    assert {path.stem for path in logs} >= {"gateway", "credentials", "orders", "results-publisher", "kafka"}
    found = [
        f"{path.name}:{number}: {what}"
        for path in logs
        for number, line in enumerate(_lines(path), 1)
        for what in _betrays(line, persons, secrets)
    ]
    assert found == []
    assert all(path.stat().st_size for path in logs if path.stem not in _MAY_BE_SILENT)


async def test_nothing_cried_for_a_person(world: World) -> None:
    """Kills, outages and refusals are a bridge's daily bread: they are warnings."""
    found = [
        f"{service}: {line}"
        for service in _SERVICES
        for line in _lines(world.stack.logs / f"{service}.log")
        if '"level": "error"' in line or '"level": "critical"' in line
    ]
    assert found == []


async def _companies(world: World) -> list[dict[str, list[dict[str, str]]]]:
    found: list[dict[str, list[dict[str, str]]]] = (await world.admin("GET", "/companies"))["companies"]
    return found


def _names(company: dict[str, list[dict[str, str]]]) -> Iterator[str]:
    for candidate in company["candidates"]:
        yield candidate["lastName"]
        yield json.dumps(candidate["lastName"]).strip('"')
        yield candidate["email"]


def _lines(path: Path) -> list[str]:
    return path.read_text(errors="replace").splitlines()


def _betrays(line: str, persons: set[str], secrets: set[str]) -> Iterator[str]:
    for each in persons | {flow.ADMINISTRATOR, flow.RECRUITER}:
        if each in line:
            yield each
    if any(secret in line for secret in secrets):
        yield "a secret"
    if match := _TOKEN.search(line):
        yield f"a token: {match[0][:8]}…"
    if match := _E_MAIL.search(line):
        yield f"an e-mail address: {match[0]}"
