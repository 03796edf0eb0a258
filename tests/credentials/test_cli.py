"""`bridge partner`, `users`, `integrations`, `signing-keys` against real servers."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from contracts.smartrecruiters import PartnerConfiguration
from credentials import app
from credentials.errors import NotApplied
from credentials.http.client import SmartRecruitersClient
from credentials.service.partner import PartnerService
from credentials.service.smartrecruiters_tokens import MasterTokens
from pydantic import SecretStr

from tests.credentials.conftest import Run
from tests.credentials.support.world import (
    CONFIGURATION,
    MASTER_ID,
    MASTER_SECRET,
    World,
)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "partner.yaml"
    path.write_text(yaml.safe_dump(CONFIGURATION | {"consentUrl": "${PUBLIC_URL}/connect"}))
    return path


async def test_plan_then_apply_then_nothing(surroundings: World, run: Run, file: Path) -> None:
    surroundings.sandbox.configuration = None
    planned = await run(app.partner, "plan", "--file", str(file))
    assert planned.exit_code == 2, planned.output
    assert "+ consentUrl: https://bridge.example/connect" in planned.output
    assert surroundings.calls("configuration_put") == []
    applied = await run(app.partner, "apply", str(file))
    assert (applied.exit_code, applied.output.splitlines()[-1]) == (0, "applied")
    again = await run(app.partner, "apply", "--file", str(file))
    assert (again.exit_code, again.output) == (0, "nothing to change\n")
    assert len(surroundings.calls("configuration_put")) == 1
    assert (await run(app.partner, "plan", "--file", str(file))).exit_code == 0


async def test_drift_is_planned_and_put_right(surroundings: World, run: Run, file: Path) -> None:
    surroundings.sandbox.configuration = {**CONFIGURATION, "consentDisplayMode": "REDIRECT"}
    planned = await run(app.partner, "plan", str(file))
    assert (planned.exit_code, planned.output) == (2, "~ consentDisplayMode: REDIRECT\n    -> POPUP\n")
    assert (await run(app.partner, "apply", str(file))).exit_code == 0
    assert surroundings.sandbox.configuration["consentDisplayMode"] == "POPUP"


async def test_partner_needs_neither_kafka_nor_postgresql(run: Run, file: Path) -> None:
    without = ["DATABASE_URL", "KAFKA_BOOTSTRAP_SERVERS", "ENCRYPTION_KEYS", "INTERNAL_API_TOKEN"]
    assert (await run(app.partner, "plan", str(file), without=without)).exit_code == 0


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "cannot be read"),
        ("a: [", "is not YAML"),
        ("", "has to be a mapping"),
        ("consentUrl: x", "consentUrl: has to be a whole address"),
    ],
)
async def test_a_bad_file_sends_nothing(
    surroundings: World, run: Run, tmp_path: Path, content: str | None, fault: str
) -> None:
    path = tmp_path / "bad.yaml"
    if content is not None:
        path.write_text(content)
    for command in ("plan", "apply"):
        done = await run(app.partner, command, "--file", str(path))
        assert done.exit_code == 1
        assert f"{path}: " in done.output
        assert fault in done.output
    assert list(surroundings.sandbox.record.entries()) == []


@pytest.mark.parametrize(
    ("status", "words"),
    [(400, "It says: "), (403, "partner_configuration_manage"), (500, "few minutes"), (429, "slow down")],
)
async def test_a_refused_put_says_whose_move_it_is(
    surroundings: World, run: Run, file: Path, status: int, words: str
) -> None:
    surroundings.sandbox.configuration = None
    surroundings.fault("configuration_put", "status", status=status)
    done = await run(app.partner, "apply", str(file))
    assert done.exit_code == 1
    assert words in done.output


async def test_what_a_refusal_repeats_of_our_token_is_not_told(
    surroundings: World, run: Run, file: Path
) -> None:
    surroundings.sandbox.configuration = None
    surroundings.fault("configuration_put", "status", status=400, message="Not so:", echo=True)
    done = await run(app.partner, "apply", str(file))
    assert "It says: BAD_REQUEST: Not so:" in done.output.replace("\n", " ")
    (entry,) = surroundings.sandbox.record.entries(call="configuration_put")
    (token,) = re.findall(r"Bearer (\S+)", entry.response["message"])
    assert token not in done.output


class Forgetful(SmartRecruitersClient):
    """Says yes to a PUT that never arrives."""

    async def put_configuration(self, token: SecretStr, wanted: PartnerConfiguration) -> Mapping[str, Any]:
        return wanted.model_dump(mode="json", by_alias=True)


async def test_an_apply_that_does_not_stick_fails(surroundings: World) -> None:
    wanted = PartnerConfiguration.model_validate({**CONFIGURATION, "consentDisplayMode": "REDIRECT"})
    async with httpx.AsyncClient(base_url=surroundings.sandbox_url) as http:
        client = Forgetful(http, timeout_seconds=5)
        master = MasterTokens(
            smartrecruiters=client,
            client_id=MASTER_ID,
            secret=lambda: SecretStr(MASTER_SECRET),
            clock=lambda: 0.0,
        )
        with pytest.raises(NotApplied, match="holds something else:\n~ consentDisplayMode: POPUP"):
            await PartnerService(smartrecruiters=client, master=master).apply(wanted)


async def test_integrations_are_listed_shown_rotated_disabled(world: World, run: Run) -> None:
    assert (await run(app.integrations, "list")).output == "no integrations\n"
    client_id, _ = await world.connect()
    listed = (await run(app.integrations, "list")).output
    assert listed.startswith("acme\tconnected\t")
    assert listed.endswith(f"{client_id}\tversions 1\n")
    rotated = (await run(app.integrations, "rotate", "acme")).output.split()
    assert (await world.our_token(rotated[1], rotated[3])).status == 200
    assert (await run(app.integrations, "disable", "acme")).output == "acme is disabled\n"
    assert (await world.our_token(rotated[1], rotated[3])).status == 401
    moved = await run(app.integrations, "move", "acme", "--organisation", "Nobody Ltd")
    assert (moved.exit_code, "No organisation" in moved.output) == (1, True)
    assert (await run(app.integrations, "move", "acme", "--organisation", "Acme Ltd")).exit_code == 0
    shown = (await run(app.integrations, "show", "acme")).output
    assert shown.startswith(f"acme is disabled, clientId {client_id}\n")
    assert [line.split("  ")[1] for line in shown.splitlines() if line.startswith("20")] == [
        "connect_started version 1",
        "connected version 1",
        "rotated version 2",
        "disabled",
    ]


async def test_show_tells_which_of_two_secrets_is_in_use_and_the_old_one_can_be_ended(
    world: World, run: Run
) -> None:
    client_id, first = await world.connect()
    assert (await world.our_token(client_id, first)).status == 200
    second = (await run(app.integrations, "rotate", "acme")).output.split()[3]
    one, two = _secrets((await run(app.integrations, "show", "acme")).output)
    assert one.startswith("version 1: active")
    assert "last used 20" in one
    assert ", good until 20" in one
    assert two.startswith("version 2: active")
    assert two.endswith("never used")
    assert (await world.our_token(client_id, second)).status == 200
    assert "last used 20" in _secrets((await run(app.integrations, "show", "acme")).output)[1]
    ended = await run(app.integrations, "end-old", "acme")
    assert ended.output == "only secret version 2 of acme is good\n"
    assert (await run(app.integrations, "end-old", "acme")).output == ended.output
    assert (await world.our_token(client_id, first)).status == 401
    assert (await world.our_token(client_id, second)).status == 200
    third = (await run(app.integrations, "rotate", "acme", "--now")).output.split()[3]
    assert (await world.our_token(client_id, second)).status == 401
    assert (await world.our_token(client_id, third)).status == 200
    versions = [event.data.credential_versions for event in await world.events(4)]
    assert versions == [(1,), (1, 2), (2,), (3,)]


def _secrets(shown: str) -> list[str]:
    return [line.removeprefix("  secret ") for line in shown.splitlines() if line.startswith("  secret")]


@pytest.mark.parametrize("command", ["rotate", "end-old"])
async def test_what_is_not_connected_has_no_secret_to_change(world: World, run: Run, command: str) -> None:
    done = await run(app.integrations, command, "acme")
    assert (done.exit_code, "not connected" in done.output) == (1, True)
    await world.connect()
    await world.call("/internal/companies/acme/disable")
    done = await run(app.integrations, command, "acme")
    assert (done.exit_code, "is disabled" in done.output) == (1, True)


async def test_signing_keys_are_rotated(world: World, run: Run) -> None:
    done = await run(app.signing_keys, "rotate")
    assert done.output.startswith("new key ")
    listed = [line.split("\t") for line in (await run(app.signing_keys, "list")).output.splitlines()]
    assert [one[-1] == "signs" for one in listed] == [True, False]
    assert done.output.split()[2] == f"{listed[1][0]},"
    assert len(await world.sql("SELECT 1 FROM credentials.signing_keys")) == 2
