"""`bridge deliveries` against the running service."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from results_publisher.cli import deliveries

from tests.results_publisher.support.harness import Harness
from tests.results_publisher.support.smartrecruiters import INTERNAL_TOKEN, Answer, FakeSmartRecruiters


async def _bridge(address: str, *arguments: str) -> Result:
    env = {"RESULTS_PUBLISHER_URL": address, "INTERNAL_API_TOKEN": INTERNAL_TOKEN}

    def invoke(words: Sequence[str]) -> Result:
        return CliRunner().invoke(deliveries, list(words), env=env)

    return await asyncio.to_thread(invoke, arguments)


async def test_list_show_edit_replay(
    harness: Harness, smartrecruiters: FakeSmartRecruiters, tmp_path: Path
) -> None:
    smartrecruiters.answers["order-1"].append(Answer(400))
    async with harness.publisher() as address:
        await harness.order("order-1")
        await harness.update("order-1", summary="ü" * 3)
        await harness.until("order-1", "dead")
        listed = await _bridge(address, "list")
        identity = listed.output.split()[0]
        assert "http_400" in listed.output
        shown = json.loads((await _bridge(address, "show", identity)).output)
        assert shown["body"]["summary"] == "üüü"
        file = tmp_path / "body.json"
        file.write_text(json.dumps({**shown["body"], "summary": "mended"}))
        assert (await _bridge(address, "edit", identity, "--file", str(file))).exit_code == 0
        assert (await _bridge(address, "replay", identity)).output == "queued\n"
        await harness.until("order-1", "published")
        again = await _bridge(address, "replay", identity)
        assert (again.exit_code, "only a dead letter" in again.output) == (1, True)
        assert (await _bridge(address, "replay", "--all")).output == "queued: 0\n"
        assert (await _bridge(address, "replay")).exit_code == 2
    assert smartrecruiters.calls[-1].body["summary"] == "mended"


def test_a_service_that_is_away_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERNAL_API_TOKEN", "x")
    monkeypatch.setenv("RESULTS_PUBLISHER_URL", "http://127.0.0.1:1")
    result = CliRunner().invoke(deliveries, ["list"])
    assert (result.exit_code, "does not answer" in result.output) == (1, True)
