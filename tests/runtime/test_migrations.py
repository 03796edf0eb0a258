import asyncio
from pathlib import Path

import pytest
from runtime.database import Pool, connect, pool
from runtime.errors import StartupError
from runtime.migrations import migrate, require_current

from tests.support.ports import free_port

TABLE = "CREATE TABLE shop.item (id int PRIMARY KEY);"


class Package:
    """A package of migrations that a test writes."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self._folder = folder / name
        self._folder.mkdir()
        (self._folder / "__init__.py").touch()

    def write(self, name: str, sql: str) -> None:
        (self._folder / name).write_text(sql)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Package:
    monkeypatch.syspath_prepend(tmp_path)
    return Package(tmp_path, f"migrations_{tmp_path.name.replace('-', '_')}")


async def columns(opened: Pool) -> list[str]:
    rows = await opened.fetch(
        "SELECT attname FROM pg_attribute"
        " WHERE attrelid = 'shop.item'::regclass AND attnum > 0 AND NOT attisdropped"
    )
    return sorted(row["attname"] for row in rows)


async def test_pending_files_run_once_in_order(empty_database_url: str, package: Package) -> None:
    package.write(
        "0002_pre_name.sql", "ALTER TABLE shop.item ADD name text; ALTER TABLE shop.item ADD old text;"
    )
    package.write("0001_pre_item.sql", TABLE)
    assert await migrate(empty_database_url, "shop", package.name) == [
        "0001_pre_item.sql",
        "0002_pre_name.sql",
    ]
    assert await migrate(empty_database_url, "shop", package.name) == []
    package.write("0003_post_old.sql", "ALTER TABLE shop.item DROP old;")
    async with pool(empty_database_url) as opened:
        await require_current(opened, "shop", package.name)
        assert await migrate(empty_database_url, "shop", package.name, phase="pre") == []
        assert await migrate(empty_database_url, "shop", package.name) == ["0003_post_old.sql"]
        assert await columns(opened) == ["id", "name"]


async def test_two_at_once_take_turns(empty_database_url: str, package: Package) -> None:
    package.write("0001_pre_item.sql", TABLE)
    done = await asyncio.gather(*(migrate(empty_database_url, "shop", package.name) for _ in range(3)))
    assert sorted(map(len, done)) == [0, 0, 1]


async def test_a_stale_schema_is_refused_by_name(empty_database_url: str, package: Package) -> None:
    package.write("0001_pre_item.sql", TABLE)
    async with pool(empty_database_url) as opened:
        with pytest.raises(StartupError, match=r"schema shop is stale.*0001_pre_item\.sql"):
            await require_current(opened, "shop", package.name)
        await migrate(empty_database_url, "shop", package.name)
        await require_current(opened, "shop", package.name)
        package.write("0002_pre_name.sql", "ALTER TABLE shop.item ADD name text;")
        with pytest.raises(StartupError, match=r"0002_pre_name\.sql"):
            await require_current(opened, "shop", package.name)


async def test_an_edited_file_is_detected(empty_database_url: str, package: Package) -> None:
    package.write("0001_pre_item.sql", TABLE)
    await migrate(empty_database_url, "shop", package.name)
    package.write("0001_pre_item.sql", TABLE + " -- better")
    async with pool(empty_database_url) as opened:
        with pytest.raises(StartupError, match=r"edited after it was applied: 0001_pre_item\.sql"):
            await require_current(opened, "shop", package.name)
    with pytest.raises(StartupError, match="edited"):
        await migrate(empty_database_url, "shop", package.name)


async def test_a_failing_file_leaves_nothing_of_itself(empty_database_url: str, package: Package) -> None:
    package.write("0001_pre_item.sql", TABLE)
    package.write("0002_pre_bad.sql", "ALTER TABLE shop.item ADD name text; SELECT 1 / 0;")
    with pytest.raises(StartupError, match=r"shop/0002_pre_bad\.sql failed: division by zero"):
        await migrate(empty_database_url, "shop", package.name)
    async with pool(empty_database_url) as opened:
        assert await columns(opened) == ["id"]


async def test_the_release_before_runs_on_the_new_ones_schema(
    empty_database_url: str, package: Package
) -> None:
    package.write("0001_pre_item.sql", TABLE)
    await migrate(empty_database_url, "shop", package.name)
    async with pool(empty_database_url) as opened:
        await opened.execute("INSERT INTO shop.schema_migrations VALUES ('0002_pre_newer.sql', 'x')")
        await require_current(opened, "shop", package.name)


@pytest.mark.parametrize("name", ["1_pre_x.sql", "0001_x.sql", "0001_mid_x.sql", "0001_pre_X.sql"])
async def test_a_bad_name_is_refused(empty_database_url: str, package: Package, name: str) -> None:
    package.write(name, "SELECT 1")
    with pytest.raises(StartupError, match="is not NNNN_pre_what"):
        await migrate(empty_database_url, "shop", package.name)


async def test_an_absent_database_is_one_clear_line() -> None:
    with pytest.raises(StartupError, match=r"PostgreSQL at 127\.0\.0\.1:\d+/none does not answer") as caught:
        _ = await connect(f"postgresql://user:hidden@127.0.0.1:{free_port()}/none", within=0.3)
    assert "hidden" not in str(caught.value)
