# ruff: noqa: S608 - our own names
"""Keys that seal: bound to rows, changed under load, read again, and never lost by mistake."""

import asyncio
import base64
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from credentials import app
from credentials.domain.sealing import Sealed, SealingKeys, parsed
from credentials.service.encryption_keys import Keyring, ListedKeys, Resealing
from credentials.service.randomness import Randomness
from credentials.settings import DatabaseSettings
from credentials.storage.sealed_rows import TABLES, PostgresSealedRows
from runtime import database
from runtime.candidate_keys.jwe import CandidateKey
from runtime.candidate_keys.pool import Allotted
from runtime.errors import StartupError

from tests.credentials.support.world import World, made_up_keys
from tests.support.clock import ManualClock
from tests.support.waiting import eventually

OLD, NEW = made_up_keys("old"), made_up_keys("new")
BOTH = f"{NEW},{OLD}"
TOKEN = "/internal/companies/{}/smartrecruiters-token"


@pytest.fixture
def old_world(surroundings: World) -> World:
    surroundings.encryption_keys = OLD
    return surroundings


async def keys_used(world: World) -> set[str]:
    found: set[str] = set()
    for table in TABLES:
        rows = await world.sql(
            f"SELECT DISTINCT key_id FROM credentials.{table.name} WHERE key_id IS NOT NULL"
        )
        found |= {row["key_id"] for row in rows}
    return found


async def filled(world: World) -> tuple[str, str]:
    """Something sealed in each table, under the world's keys."""
    await world.start()
    await world.add_user()
    await world.call("/internal/candidate-keys/allot", {"count": 300})
    return await world.connect()


@asynccontextmanager
async def resealing(
    world: World, keys: str
) -> AsyncIterator[tuple[PostgresSealedRows, Resealing, SealingKeys]]:
    async with database.pool(world.database_url, max_size=3) as pool:
        rows, sealing = PostgresSealedRows(pool), SealingKeys.parse(keys)
        yield rows, Resealing(rows=rows, sealing=sealing, randomness=Randomness()), sealing


def test_every_table_that_holds_something_sealed_is_known() -> None:
    migrations = Path(app.__file__).parents[1] / "storage/migrations"
    text = "".join(path.read_text() for path in sorted(migrations.glob("*.sql")))
    statements = [one for one in text.split(";") if "CREATE TABLE" in one and " sealed bytea" in one]
    assert {one.split("credentials.")[1].split(" ")[0] for one in statements} == {
        table.name for table in TABLES
    }


async def test_a_sealed_value_moved_to_another_row_does_not_open(world: World) -> None:
    await world.connect("acme")
    await world.connect("globex")
    await world.sql(
        "UPDATE credentials.smartrecruiters_credentials SET sealed = other.sealed FROM"
        " (SELECT sealed FROM credentials.smartrecruiters_credentials WHERE company_id = 'acme') other"
        " WHERE company_id = 'globex'"
    )
    refused = await world.call(TOKEN.format("globex"))
    assert (refused.status, refused.body["code"]) == (500, "secret_unreadable")
    assert (await world.call(TOKEN.format("acme"))).status == 200


async def test_a_version_moved_in_its_own_row_does_not_open(world: World) -> None:
    await world.connect()
    await world.sql("UPDATE credentials.smartrecruiters_credentials SET version = version + 1")
    assert (await world.call(TOKEN.format("acme"))).body["code"] == "secret_unreadable"


async def test_a_new_key_in_front_takes_every_row_over_under_load(old_world: World) -> None:
    """Two replicas with the new key seal anew while one with it, too, is asked: no call fails."""
    world = old_world
    ours = await filled(world)
    await world.replicas.pop().stop()
    world.encryption_keys = BOTH
    for _ in range(2):
        await world.start(credentials_reseal_seconds=0.05)
    stop = asyncio.Event()
    statuses: list[int] = []

    async def load(replica: int) -> None:
        while not stop.is_set():
            statuses.append((await world.call(TOKEN.format("acme"), replica=replica)).status)
            statuses.append((await world.our_token(*ours)).status)
            allotted = await world.call("/internal/candidate-keys/allot", {"count": 5}, replica=replica)
            records = Allotted(base64.b64decode(allotted.body["keys"]), {}).apart()
            ids = [CandidateKey.of_record(record).id for record in records]
            statuses.append(
                (await world.call("/internal/candidate-keys/find", {"ids": ids}, replica=replica)).status
            )

    loading = [asyncio.create_task(load(replica)) for replica in (0, 1)]
    await eventually(lambda: len(statuses) > 50, 30)
    while await keys_used(world) != {"new"}:
        assert set(statuses) == {200}
    stop.set()
    await asyncio.gather(*loading)
    assert set(statuses) == {200}
    for replica in list(world.replicas):
        await replica.stop()
    world.replicas.clear()
    world.encryption_keys = NEW
    await world.start()
    assert (await world.call(TOKEN.format("acme"))).status == 200
    assert (await world.our_token(*ours)).status == 200


async def test_what_was_interrupted_goes_on_where_it_was(old_world: World) -> None:
    await filled(old_world)
    async with resealing(old_world, BOTH) as (rows, whole, sealing):
        seen = 0

        def dying(identity: str, sealed: Sealed) -> Sealed | None:
            nonlocal seen
            seen += 1
            if seen > 25:
                raise KeyboardInterrupt
            plain = sealing.open(sealed, identity=identity)
            return sealing.seal(plain, identity=identity, nonce=bytes([seen]) * 12)

        with pytest.raises(KeyboardInterrupt):
            await rows.reseal("new", dying, batch=10)
        counts = await rows.count()
        assert sum(counts["new"].values()) >= 20
        assert counts["old"]
        result = await whole.once()
        assert (result.broken, set(await rows.count())) == (0, {"new"})
        assert (await whole.once()).done == 0


async def test_a_row_that_no_key_opens_stays_and_holds_up_no_other(old_world: World) -> None:
    await filled(old_world)
    await old_world.sql(
        "UPDATE credentials.smartrecruiters_credentials SET sealed = 'nonsense-nonsense-nonsense'"
    )
    async with resealing(old_world, BOTH) as (rows, whole, _):
        assert (await whole.once()).broken == 1
        assert {key: set(tables) for key, tables in (await rows.count()).items()}["old"] == {
            "smartrecruiters_credentials"
        }


async def test_several_at_once_share_the_rows(old_world: World) -> None:
    await filled(old_world)
    async with resealing(old_world, BOTH) as (rows, _, sealing):
        several = [Resealing(rows=rows, sealing=sealing, randomness=Randomness()) for _ in range(3)]
        before = sum((await rows.count())["old"].values())
        results = await asyncio.gather(*(one.once() for one in several))
        assert sum(result.done for result in results) <= before
        await several[0].once()
        assert set(await rows.count()) == {"new"}


async def test_a_key_file_is_read_again_and_a_broken_one_changes_nothing(tmp_path: Path) -> None:
    file, clock = tmp_path / "keys", ManualClock()
    file.write_text(OLD)
    sealing = SealingKeys({})
    keyring = Keyring(
        sealing=sealing,
        provider=ListedKeys(lambda: file.read_text().strip()),
        clock=clock.monotonic,
        refresh_seconds=1,
        keep_seconds=100,
    )
    await keyring.load()
    assert list(sealing.ids) == ["old"]
    file.write_text(BOTH)
    await keyring.look()
    assert (sealing.current, list(sealing.ids)) == ("new", ["new", "old"])
    file.write_text("new:half-writt")
    await keyring.look()
    assert list(sealing.ids) == ["new", "old"]


async def test_a_running_service_takes_a_new_key_from_its_file(old_world: World, tmp_path: Path) -> None:
    file = tmp_path / "keys"
    file.write_text(OLD)
    await old_world.start(
        encryption_keys_file=file, credentials_keys_refresh_seconds=0.05, credentials_reseal_seconds=0.05
    )
    await old_world.add_user()
    await old_world.connect()
    file.write_text(BOTH)
    used: set[str] = set()
    async with asyncio.timeout(20):
        while used != {"new"}:
            used = await keys_used(old_world)
    assert (await old_world.call(TOKEN.format("acme"))).status == 200


async def test_the_key_the_pepper_is_derived_from_cannot_go_unnoticed(old_world: World) -> None:
    world = old_world
    world.pepper = ""
    ours = await filled(world)
    await world.replicas.pop().stop()
    world.encryption_keys = f"{OLD},{NEW}"  # the last one is another, and that changes nothing
    await world.start(credentials_reseal_seconds=3600)
    assert (await world.our_token(*ours)).status == 200
    await world.replicas.pop().stop()
    world.encryption_keys = BOTH
    await world.start()
    assert (await world.our_token(*ours)).status == 200
    await world.replicas.pop().stop()
    async with resealing(world, BOTH) as (_, whole, _sealing):
        await whole.once()
    world.encryption_keys = NEW
    with pytest.raises(
        StartupError, match="SECRET_PEPPER is not what the secrets we issued were hashed with"
    ):
        await world.start()
    pepper = Peppers(f"{OLD},{NEW}").of("old")
    await world.start(secret_pepper=pepper)
    assert (await world.our_token(*ours)).status == 200


class Peppers:
    """What each key of a list gives, as `bridge encryption-keys pepper` prints it."""

    def __init__(self, keys: str) -> None:
        settings = DatabaseSettings.model_validate({"database_url": "x", "encryption_keys": keys})
        self._texts = {one.derived_from: one.text for one in settings.peppers}

    def of(self, key_id: str) -> str:
        return self._texts[key_id]


async def test_another_pepper_is_refused(world: World) -> None:
    with pytest.raises(StartupError, match="put the former one back"):
        await world.start(secret_pepper="another one altogether")


async def bridge(world: World, command: click.Command, *arguments: str) -> Result:
    env: Sequence[tuple[str, str]] = [*world.environment().items(), ("NO_COLOR", "1")]
    return await asyncio.to_thread(CliRunner().invoke, command, list(arguments), env=dict(env))


async def test_an_operator_sees_when_a_key_may_go(old_world: World) -> None:
    world = old_world
    world.pepper = ""
    await filled(world)
    world.encryption_keys = BOTH
    shown = (await bridge(world, app.encryption_keys, "status")).output.splitlines()
    assert shown[0] == "new\tseals\trows 0"
    assert shown[1].startswith("old\topens\trows 30")
    assert "smartrecruiters_credentials 1" in shown[1]
    assert shown[2] == "SECRET_PEPPER is derived from old, which has to stay until it is set"
    assert (await bridge(world, app.encryption_keys, "rewrap")).output.endswith("rows sealed anew\n")
    assert "may go" not in (await bridge(world, app.encryption_keys, "status")).output
    world.pepper = (await bridge(world, app.encryption_keys, "pepper")).output.strip()
    assert world.pepper.startswith("hex:")
    assert (await bridge(world, app.encryption_keys, "status")).output.splitlines()[1:] == [
        "old\topens\trows 0  may go"
    ]
    world.encryption_keys = NEW
    assert (await bridge(world, app.encryption_keys, "status")).exit_code == 0
    refused = await bridge(world, app.encryption_keys, "rotate")
    assert (refused.exit_code, "in front of ENCRYPTION_KEYS" in refused.output) == (1, True)


def test_keys_are_thirty_two_bytes() -> None:
    assert {len(key) for key in parsed(BOTH).values()} == {32}
